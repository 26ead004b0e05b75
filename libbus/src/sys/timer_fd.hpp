// A descriptor that becomes readable at a time.
#pragma once

#include <bus/error.hpp>

#include "sys/clock.hpp"
#include "sys/fork_guard.hpp"

namespace bus::sys {

/// Threads: any. Closed in a forked child.
class TimerFd {
public:
    static Result<TimerFd> create();
    /// Readable from `when` on, at once where that has passed; until then not. kForever: never.
    void set(Deadline when) const noexcept;
    int fd() const noexcept { return descriptor_.fd(); }

private:
    explicit TimerFd(ProcessDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    ProcessDescriptor descriptor_;
};

}  // namespace bus::sys
