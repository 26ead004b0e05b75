// Standard input as `topic pub` reads it: lines, or messages with their length before them; interruptible.
#pragma once

#include <optional>
#include <string>

#include <bus/error.hpp>

#include "context.hpp"

namespace bus::tool {

class Input {
public:
    explicit Input(Output& out) : out_(out) {}

    /// The next line without its end; the last one may lack it. Empty optional: the end.
    /// Errors: cancelled: an interrupt; too_large: no end of line in 64 MiB; io.
    Result<std::optional<std::string>> line();
    /// The next message with protobuf's length before it. Errors: as line(); invalid: it ends in the middle.
    Result<std::optional<std::string>> delimited();
    /// All that is left.
    Result<std::string> all();

private:
    /// Reads more; false at the end.
    Result<bool> fill();
    std::string take(std::size_t bytes);

    Output& out_;
    std::string held_;
    std::size_t at_ = 0;  // how far it was used
    bool ended_ = false;
};

}  // namespace bus::tool
