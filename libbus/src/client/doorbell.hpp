// Ringing the sleepers of another session: by its semaphores where it is of our uid, else by its FIFO.
//
// One per pair of ringer and session: it remembers which sleep epochs it has rung, so that each sleep is rung once. Nothing it does can be
// told to anybody: a bell that can't be rung (the session has gone, or is just being made) is left, and the sleeper's own second look
// helps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "client/core.hpp"
#include "shm/sleepers.hpp"
#include "sys/fifo.hpp"

namespace bus::client {

/// Threads: one at a time.
class Doorbell {
public:
    /// `uid` is the session's. Errors: those of Peers::cursors.
    static Result<Doorbell> open(Core& core, SessionKey session, std::uint32_t uid);

    /// Rings all that sleep, want one of `topics`, and were not rung in their present epoch.
    void ring(std::uint64_t topics);
    shm::CursorsView const& cursors() const noexcept { return view_; }
    SessionKey const& session() const noexcept { return session_; }
    std::uint32_t uid() const noexcept { return uid_; }

private:
    Doorbell(Core& core, SessionKey session, std::uint32_t uid, SegmentPtr segment, shm::CursorsView view) noexcept
        : core_(&core), session_(session), uid_(uid), segment_(std::move(segment)), view_(view) {}
    void ring_one(std::uint32_t waiter, shm::BellKind kind);
    bool ring_semaphore(std::uint32_t waiter);
    void ring_fifo();

    Core* core_;
    SessionKey session_;
    std::uint32_t uid_;
    SegmentPtr segment_;
    shm::CursorsView view_;
    shm::Bellringer ringer_;
    std::optional<Peers::Bells> bells_;    // opened at the first ring
    std::optional<sys::FifoWriter> fifo_;  // likewise
};

}  // namespace bus::client
