// Values of a message's fields, found by a path of names: "position.x", "points.0.x", "tags.key".
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <bus/error.hpp>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class Message;
}  // namespace google::protobuf

namespace bus::tool {

using FieldPath = std::vector<std::string>;
FieldPath field_path(std::string_view dotted);

struct EnumValue {
    std::int64_t number = 0;
    std::string name;
    google::protobuf::EnumDescriptor const* type = nullptr;  // lives as long as the message
};
/// Nothing: a field of a message that is not set, an element that is not there.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, EnumValue>;

enum class FieldKind { truth, number, text, enumeration, list, map, message };

/// What is at the path in messages of this type. Errors: usage_error(): there is no such field; names those there are.
Result<FieldKind> kind_at(google::protobuf::Descriptor const& type, FieldPath const& path);
/// "x, y, name": the fields of a type, for who named another one.
std::string field_names(google::protobuf::Descriptor const& type);
/// Whether the enumeration at the path has a value of that name.
bool has_enum_value(google::protobuf::Descriptor const& type, FieldPath const& path, std::string const& name);

/// Nothing also for lists and messages as a whole. Text: of bytes too.
FieldValue value_at(google::protobuf::Message const& message, FieldPath const& path);
/// Elements of a list or map, bytes of a text; 0 where it is not there.
std::size_t size_at(google::protobuf::Message const& message, FieldPath const& path);
/// A message or an optional field is set, a list is not empty, another field is not zero, an element is there.
bool is_set_at(google::protobuf::Message const& message, FieldPath const& path);

/// Unordered where they can't be compared. An enumeration compares by its number, with a text by that of the value of that name.
std::partial_ordering compare(FieldValue const& a, FieldValue const& b);

}  // namespace bus::tool
