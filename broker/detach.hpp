// busd --detach: a child that serves, and a parent that returns when it does.
#pragma once

#include <bus/error.hpp>
#include <optional>

#include "sys/file.hpp"

namespace bus::broker {

/// The serving side of a detached start: tells the waiting parent how it went.
class ReadyPipe {
public:
    ReadyPipe() = default;
    explicit ReadyPipe(sys::FileDescriptor pipe) : pipe_(std::move(pipe)) {}
    /// Whether a parent waits.
    bool waits() const noexcept { return static_cast<bool>(pipe_); }
    /// The parent ends with 0.
    void ready();
    /// The parent prints `text` and ends with 1. Returns: false where no parent waits.
    bool failed(std::string const& text);

private:
    sys::FileDescriptor pipe_;
};

struct Detached {
    std::optional<int> parent_status;  // set in the parent: end with it
    ReadyPipe pipe;                    // in the child
};

/// Forks. The parent waits until the child is ready, has failed, or has died. The child leads a session of its own, in `/`, with stdin and
/// stdout at /dev/null; stderr stays until it is ready (log.hpp): whoever reads our output to its end must not wait for ever.
Result<Detached> detach();

}  // namespace bus::broker
