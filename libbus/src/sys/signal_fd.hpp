// Signals as something to poll, for the daemons. The library itself touches no signal of the program.
#pragma once

#include <bus/error.hpp>
#include <initializer_list>
#include <optional>

#include "sys/file.hpp"

namespace bus::sys {

/// Blocks the given signals in the calling thread (and threads it makes later) and offers them at fd().
class SignalFd {
public:
    static Result<SignalFd> create(std::initializer_list<int> signals);

    struct Signal {
        int number = 0;
        int sender_pid = 0;
        unsigned sender_uid = 0;
    };
    /// The next one; none where none is pending.
    Result<std::optional<Signal>> try_read() const;
    int fd() const noexcept { return descriptor_.fd(); }

private:
    explicit SignalFd(FileDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    FileDescriptor descriptor_;
};

/// Gives a child that is about to exec its signals back: nothing blocked, SIGPIPE and all others at their default.
void restore_signals() noexcept;

}  // namespace bus::sys
