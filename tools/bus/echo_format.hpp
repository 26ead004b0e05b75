// How one message is written by `topic echo`.
#pragma once

#include <string>

#include <bus/payload.hpp>
#include <bus/sample.hpp>

namespace bus::tool {

struct EchoOptions {
    bool json = false;
    std::string raw;    // "", "plain", "delimited"
    std::string field;  // "a.b"
};

class EchoFormat {
public:
    explicit EchoFormat(EchoOptions const& options) : options_(options) {}

    /// A line, or raw bytes. A message that can't be decoded is a line too: `message` is null, and `error` says why.
    /// Errors: invalid: the type has no such field.
    Result<std::string> format(Sample<Any> const& sample);

private:
    Result<std::string> message_json(Sample<Any> const& sample, std::string& error);
    Result<void> check_field(Any const& message);
    std::string json_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const;
    std::string text_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const;

    EchoOptions options_;
    std::string checked_type_;  // the field was found in it
};

}  // namespace bus::tool
