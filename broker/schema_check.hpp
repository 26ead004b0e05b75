// Whether a descriptor set describes the type it comes with.
#pragma once

#include <bus/error.hpp>
#include <string>
#include <string_view>

namespace bus::broker {

/// Whether the set can be read and holds a message of that name. Errors: invalid.
Result<void> check_schema(std::string_view descriptor_set, std::string const& type);

}  // namespace bus::broker
