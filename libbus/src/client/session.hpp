// What a client owns on the bus: a token, a cursor segment, bells, a FIFO. Made by admission.cpp, given back by the destructor.
//
// The token (SEM_UNDO) and the read end of the FIFO say that we are alive; both go with the process, whatever it dies of. When the session
// ends in order, the FIFO is closed and the token put back first: whoever looks then finds a session that may be reaped, with or without
// the Leave that follows.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <span>

#include "client/segment_cache.hpp"
#include "shm/cursor_layout.hpp"
#include "shm/directory_layout.hpp"
#include "sys/fifo.hpp"
#include "sys/message_queue.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

/// All that admission found out. Values only, but for the mappings and the FIFO.
struct SessionParts {
    std::uint32_t index = 0;  // of the SessionEntry
    std::uint64_t id = 0;     // never used twice on a bus
    shm::Cookie cookie{};
    std::uint32_t uid = 0;
    std::uint32_t user = 0;  // index of the UserEntry
    std::uint32_t bell_base = 0;
    sys::SemaphoreSet tokens{-1}, bells{-1};
    sys::Queue lobby{-1}, requests{-1};
    SegmentPtr cursors, attention;
    sys::FifoReader fifo;
};

/// Threads: any.
class Session {
public:
    explicit Session(SessionParts parts) noexcept : parts_(std::move(parts)) {}
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;
    ~Session() { end(); }

    std::uint32_t index() const noexcept { return parts_.index; }
    std::uint64_t id() const noexcept { return parts_.id; }
    std::uint32_t uid() const noexcept { return parts_.uid; }
    std::uint32_t user() const noexcept { return parts_.user; }

    /// Our own cursor segment, writable. Empty in a forked child: look at Core::check() first. One Cursor: whoever busd gave it to.
    std::span<shm::Waiter> waiters() const noexcept;
    std::span<shm::Cursor> cursors() const noexcept;
    /// The counters all sessions of our uid share, writable.
    std::span<shm::AttentionCounter> attention() const noexcept;

    /// Semaphore bell_of(w) of bells() is the bell of waiter w. Waiter 0 belongs to the requests.
    sys::SemaphoreSet bells() const noexcept { return parts_.bells; }
    unsigned bell_of(unsigned waiter) const noexcept { return parts_.bell_base + waiter; }
    /// The one FIFO others ring where the waiter's bell says `fifo`.
    sys::FifoReader const& fifo() const noexcept { return parts_.fifo; }

    sys::Queue lobby() const noexcept { return parts_.lobby; }
    sys::Queue requests() const noexcept { return parts_.requests; }

    /// Gives FIFO and token back: from now on the session may be reaped. Does nothing the second time, and in a forked child.
    void end() noexcept;

private:
    SessionParts parts_;
    sys::ForkGuard guard_;
    bool ended_ = false;
};

}  // namespace bus::client
