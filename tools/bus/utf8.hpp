// UTF-8 that may be none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bus::tool {

/// Length of the well-formed UTF-8 character at the front, 0 if there is none (overlong, surrogate, cut short, beyond U+10FFFF).
std::size_t utf8_length(std::string_view text);

/// The text, with U+FFFD for each byte that is no UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace bus::tool
