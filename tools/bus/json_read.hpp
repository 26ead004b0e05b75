// Reading JSON: the lines that `topic echo --json` writes, and single values out of a message.
#pragma once

#include <string>
#include <string_view>

#include <bus/error.hpp>

namespace bus::tool {

/// A line of `topic pub --stdin`.
struct PublishLine {
    std::string topic, type;  // empty: the line does not say
    std::string message;      // JSON
};

/// A line that has `topic` and `message`, and nothing that is no field of such a line, is an envelope; any other is a bare message.
/// Errors: invalid: no JSON.
Result<PublishLine> read_publish_line(std::string const& line, bool bare);

/// The value at "a.b.0.c" in a JSON document; "null" where it is not there.
Result<std::string> value_at(std::string const& json, std::string_view path);
/// A JSON value for people: strings without quotes.
std::string without_quotes(std::string const& json);

/// The text of a JSON string. Errors: invalid: it is none.
Result<std::string> read_string(std::string const& json);

}  // namespace bus::tool
