// Reading JSON: the lines that `topic echo --json` writes, and single values out of a message.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
/// Several of them, the document read once.
Result<std::vector<std::string>> values_at(std::string const& json, std::vector<std::string> const& paths);
/// {"a.b":VALUE,...} of paths and values that are JSON.
std::string object_of(std::vector<std::string> const& names, std::vector<std::string> const& values);
/// Names and values, as JSON, of an object.
std::vector<std::pair<std::string, std::string>> members_of(std::string const& json);
/// A JSON value for people: strings without quotes.
std::string without_quotes(std::string const& json);

/// The text of a JSON string. Errors: invalid: it is none.
Result<std::string> read_string(std::string const& json);

}  // namespace bus::tool
