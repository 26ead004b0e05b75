// The way to busd: what one session sends goes in order, and whole, into the request queue of its uid.
//
// A post wants no answer: for destructors. Where the queue is full it gives a busd that lives a moment to make room; what is left unsent
// then goes with the next send, post, or look at the session. It is kept until a request that was sent once, after it, was answered by the
// same busd (the queue keeps the order, so it was carried out by then; docs/models.md#adoption, Q3), or until fewer messages lie in the
// queue than were sent after it. When a new busd takes over, what is still kept is sent again; removals do no harm twice, for no id is ever
// used twice.
#pragma once

#include <bus/v1/control.pb.h>

#include <atomic>
#include <bus/error.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "client/attached_bus.hpp"
#include "client/session.hpp"
#include "sys/clock.hpp"
#include "sys/fifo.hpp"

namespace bus::client {

/// Threads: any.
class Outbox {
public:
    Outbox(AttachedBus const& bus, Session const& session) : bus_(bus), session_(session) {}

    /// Posts that are confirmed when this request is answered by that busd.
    struct Mark {
        std::uint64_t posts = 0;
        std::uint64_t generation = 0;
    };
    /// Sends it all, waiting for room. Errors: timeout (bare code); too_large; closed: the queue has gone.
    Result<Mark> send(v1::Request const& request, sys::Deadline deadline);
    void confirm(Mark const& mark) noexcept;

    /// Waits for room at most kMoment, and not at all while busd is dead or the last such wait was in vain.
    void post(v1::Request request) noexcept;
    /// Sends what no living busd can have read. Never waits.
    void flush() noexcept;
    bool has_unsent() const noexcept { return unsent_.load(std::memory_order_relaxed); }

private:
    struct Post {
        v1::Request request;
        std::uint64_t serial = 0;
        std::uint64_t sent_in = 0;  // generation; 0: not yet
    };
    static constexpr sys::Duration kMoment = std::chrono::milliseconds(100);
    static constexpr std::size_t kTrimAbove = 64;  // posts kept

    bool flush_locked() noexcept;
    void trim() noexcept;
    void knock() noexcept;

    AttachedBus const& bus_;
    Session const& session_;
    std::mutex sending_;  // held by whoever puts parts into the queue
    std::mutex kept_;     // of posts_ and serial_; taken after sending_
    std::deque<Post> posts_;
    std::uint64_t serial_ = 0;
    std::atomic<bool> unsent_{false};
    bool waited_in_vain_ = false;           // under sending_
    std::optional<sys::FifoWriter> knock_;  // under sending_
};

}  // namespace bus::client
