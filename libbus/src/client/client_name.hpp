// The name a program has on the bus: shown by tools, sent as a protobuf text.
#pragma once

#include <bus/error.hpp>
#include <string>

namespace bus::client {

/// `given`, or where it is empty the program's own name, made presentable.
/// Errors: invalid: longer than 63 bytes, no UTF-8, or with control characters.
Result<std::string> client_name(std::string const& given);

}  // namespace bus::client
