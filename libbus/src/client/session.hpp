// What a client owns on the bus: a token, a cursor segment, bells, a FIFO. Made by admission.cpp, given back by the destructor.
//
// The token (SEM_UNDO) and the read end of the FIFO say that we are alive; both go with the process, whatever it dies of. When the session
// ends in order the token is put back first: whoever looks then finds a session that may be reaped, with or without the Leave that follows.
// The FIFO is closed last, with the Session: busd then finds the Leave already there.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <optional>
#include <span>

#include "client/segment_cache.hpp"
#include "shm/cursors.hpp"
#include "sys/fifo.hpp"
#include "sys/message_queue.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

/// A semaphore taken with SEM_UNDO: the kernel gives it back when this process ends, the destructor before that. Move-only.
class Token {
public:
    Token() noexcept = default;
    /// Errors: would_block (bare code): somebody else has it; not_found: the set has gone.
    static Result<Token> take(sys::SemaphoreSet set, unsigned index);
    Token(Token&& other) noexcept
        : set_(other.set_), index_(other.index_), guard_(other.guard_), held_(std::exchange(other.held_, false)) {}
    Token& operator=(Token&& other) noexcept;
    Token(Token const&) = delete;
    Token& operator=(Token const&) = delete;
    ~Token() { give_back(); }
    /// Does nothing the second time, and in a forked child, which never had it.
    void give_back() noexcept;

private:
    Token(sys::SemaphoreSet set, unsigned index) noexcept : set_(set), index_(index), held_(true) {}
    sys::SemaphoreSet set_{-1};
    unsigned index_ = 0;
    sys::ForkGuard guard_;
    bool held_ = false;
};

/// All that admission found out.
struct SessionParts {
    std::uint32_t index = 0;  // of the SessionEntry
    std::uint64_t id = 0;     // never used twice on a bus
    shm::Cookie cookie{};
    std::uint32_t uid = 0;
    std::uint32_t user = 0;  // index of the UserEntry
    std::uint32_t bell_base = 0;
    sys::SemaphoreSet bells{-1};
    sys::Queue lobby{-1}, requests{-1};
    SegmentPtr cursors, attention;
    shm::OwnCursors own_cursors;  // view of `cursors`
    std::optional<sys::FifoReader> fifo;
    Token token;
};

/// Threads: any.
class Session {
public:
    explicit Session(SessionParts parts) noexcept : parts_(std::move(parts)) {}
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    std::uint32_t index() const noexcept { return parts_.index; }
    std::uint64_t id() const noexcept { return parts_.id; }
    std::uint32_t uid() const noexcept { return parts_.uid; }
    std::uint32_t user() const noexcept { return parts_.user; }

    /// Our own cursor segment, writable: waiters, and the cursors busd gives us numbers of.
    shm::OwnCursors const& cursors() const noexcept { return parts_.own_cursors; }
    /// The counters all sessions of our uid share, writable.
    std::span<shm::AttentionCounter> attention() const noexcept;
    /// The same as a segment, for shm::OwnAttention.
    std::span<std::byte> attention_bytes() const noexcept { return parts_.attention->writable_bytes(); }

    /// Semaphore bell_of(w) of bells() is the bell of waiter w. Waiter 0 belongs to the requests.
    sys::SemaphoreSet bells() const noexcept { return parts_.bells; }
    unsigned bell_of(unsigned waiter) const noexcept { return parts_.bell_base + waiter; }
    /// The one FIFO others ring where the waiter's bell says `fifo`.
    sys::FifoReader const& fifo() const noexcept { return *parts_.fifo; }

    sys::Queue lobby() const noexcept { return parts_.lobby; }
    sys::Queue requests() const noexcept { return parts_.requests; }

    /// From now on the session may be reaped.
    void give_token_back() noexcept { parts_.token.give_back(); }
    /// The same, and nothing here is to be used any more but the queues. For ~Core.
    void end() noexcept;

private:
    SessionParts parts_;
};

}  // namespace bus::client
