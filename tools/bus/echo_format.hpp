// How one message is written by `topic echo`.
#pragma once

#include <string>

#include <vector>

#include <bus/payload.hpp>
#include <bus/sample.hpp>

#include "csv_format.hpp"

namespace bus::tool {

struct EchoOptions {
    bool json = false, csv = false;
    std::string raw;                  // "", "plain", "delimited"
    std::vector<std::string> fields;  // "a.b"; none: the whole message
};

class EchoFormat {
public:
    explicit EchoFormat(EchoOptions const& options) : options_(options), csv_(options.fields) {}

    /// A line, or raw bytes. A message that can't be decoded is a line too: `message` is null, and `error` says why.
    /// Empty: it has no place in the table of --csv. Errors: usage_error(): the type has no such field; invalid: it can't be decoded, and a
    /// table has no place for that.
    Result<std::string> format(Sample<Any> const& sample);

private:
    Result<std::string> message_json(Sample<Any> const& sample, std::string& error);
    Result<void> check_fields(Any const& message);
    std::string json_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const;
    std::string fields_line(std::string const& message) const;
    std::string text_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const;

    EchoOptions options_;
    CsvFormat csv_;
    std::string checked_type_;  // the fields were found in it
};

}  // namespace bus::tool
