// A descriptor of our own to be woken by.
#pragma once

#include <bus/error.hpp>

#include "sys/fork_guard.hpp"

namespace bus::sys {

/// Readable from poke() until drain(). Threads: any. Closed in a forked child.
class EventFd {
public:
    static Result<EventFd> create();
    /// Makes it readable. For signal handlers too: keeps errno, allocates nothing, never waits.
    void poke() const noexcept;
    /// Makes it unreadable. Returns: whether it was poked.
    bool drain() const noexcept;
    int fd() const noexcept { return descriptor_.fd(); }

private:
    explicit EventFd(ProcessDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    ProcessDescriptor descriptor_;
};

}  // namespace bus::sys
