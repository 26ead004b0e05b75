// Which version of the library this is.
#pragma once

#include <string_view>

namespace bus {

/// Of the library that is loaded: "0.1.0".
std::string_view version() noexcept;

}  // namespace bus
