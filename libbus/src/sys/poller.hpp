// Waiting for descriptors, with deadlines.
#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <bus/error.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/clock.hpp"
#include "sys/fork_guard.hpp"

namespace bus::sys {

/// A set of descriptors to wait for (epoll), level-triggered. Its own fd() may be waited for in turn. Closed in a forked child.
/// Threads: any; one wait at a time is sensible.
class Poller {
public:
    struct Ready {
        std::uint64_t tag = 0;     // as given to add()
        std::uint32_t events = 0;  // EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP
    };

    static Result<Poller> create();
    /// Waits for `events` of `fd` too; EPOLLERR and EPOLLHUP always count. Errors: conflict: it is in already;
    /// limit: fs.epoll.max_user_watches; invalid: a kind of file that can't be waited for.
    Result<void> add(int fd, std::uint32_t events, std::uint64_t tag);
    Result<void> modify(int fd, std::uint32_t events, std::uint64_t tag);
    /// Errors: not_found: it is not in.
    Result<void> remove(int fd);
    /// Fills `into` (at most 64 at a time) and returns how many. Errors: timeout (bare code).
    Result<std::size_t> wait_until(std::span<Ready> into, Deadline deadline);
    /// The same without waiting. Returns: 0 where nothing is ready.
    Result<std::size_t> try_wait(std::span<Ready> into);
    int fd() const noexcept { return descriptor_.fd(); }

private:
    explicit Poller(ProcessDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    ProcessDescriptor descriptor_;
};

/// ppoll() over a few descriptors. Returns: how many have revents. Errors: timeout (bare code), limit, io.
Result<std::size_t> poll_until(std::span<pollfd> descriptors, Deadline deadline);
/// Waits until one descriptor has one of `events` (POLLIN), or is broken. Returns: its revents. Errors: timeout (bare code).
Result<short> poll_until(int fd, short events, Deadline deadline);

}  // namespace bus::sys
