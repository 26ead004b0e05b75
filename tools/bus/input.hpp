// Standard input as `topic pub` reads it: lines, or messages with their length before them; interruptible.
#pragma once

#include <optional>
#include <string>

#include <bus/connection.hpp>

#include "context.hpp"

namespace bus::tool {

class Input {
public:
    /// While it waits it also serves `bus`, and ends with it.
    Input(Output& out, Connection& bus) : out_(out), bus_(bus) {}

    /// The next line without its end; the last one may lack it. Empty optional: the end.
    /// Errors: cancelled: an interrupt; too_large: no end of line in 64 MiB; closed: the bus has ended; io.
    Result<std::optional<std::string>> line();
    /// The next message with protobuf's length before it. Errors: as line(); invalid: it ends in the middle.
    Result<std::optional<std::string>> delimited();
    /// All that is left.
    Result<std::string> all();

private:
    /// Reads more; false at the end.
    Result<bool> fill();
    std::string take(std::size_t bytes);

    Result<void> wait();

    Output& out_;
    Connection& bus_;
    std::string held_;
    std::size_t at_ = 0;  // how far it was used
    bool ended_ = false;
};

}  // namespace bus::tool
