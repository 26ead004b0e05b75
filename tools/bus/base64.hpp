// base64, as bytes stand in JSON.
#pragma once

#include <bus/error.hpp>
#include <string>
#include <string_view>

namespace bus::tool {

/// base64 with or without padding, the URL alphabet too. Errors: invalid.
Result<std::string> decode_base64(std::string_view text);

}  // namespace bus::tool
