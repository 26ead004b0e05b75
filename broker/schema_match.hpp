// Whether two descriptions of a type of one name mean the same messages.
#pragma once

#include <bus/error.hpp>
#include <string>
#include <string_view>

namespace bus::broker {

/// Whether the set can be read and holds a message of that name. Errors: invalid.
Result<void> check_schema(std::string_view descriptor_set, std::string const& type);

/// Whether `type` and all messages and enums it is made of are equal in both sets, but for comments and JSON names.
bool same_message(std::string_view one_set, std::string_view other_set, std::string const& type);

}  // namespace bus::broker
