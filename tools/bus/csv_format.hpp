// Messages as lines of comma-separated values (RFC 4180): one table, of one type.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <bus/payload.hpp>
#include <bus/sample.hpp>

namespace google::protobuf {
class Descriptor;
}

namespace bus::tool {

class CsvFormat {
public:
    /// The columns of the message: these fields; none: all that the first message's type has.
    explicit CsvFormat(std::vector<std::string> fields) : fields_(std::move(fields)) {}

    /// The line of one message, with the line of titles before the first one. `message_json`: the message as JSON.
    /// Empty: it is of another type than the first: it has no place in this table. Errors: usage_error(): it has too many fields.
    Result<std::string> format(Sample<Any> const& sample, std::string const& message_json);

private:
    std::string titles(Sample<Any> const& sample);

    std::vector<std::string> fields_;
    std::optional<std::string> type_;  // of the table
};

/// The paths of all that is no message in itself: "x", "position.x". Lists, maps, protobuf's own types and what repeats itself count as
/// one.
std::vector<std::string> leaf_fields(google::protobuf::Descriptor const& type);
/// In quotes where it must be.
std::string csv_cell(std::string const& text);

}  // namespace bus::tool
