// The other sessions of the bus, as one of them sees them: where they read, how they are rung, whether they live.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <string>

#include "client/attached_bus.hpp"
#include "client/segment_cache.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

/// A session by its place and by its id: what is asked of another session at that place is not_found.
struct SessionKey {
    std::uint32_t index = 0;
    std::uint64_t id = 0;
};

/// Threads: any. All of it is made of system calls and copies of directory entries: for the slow paths.
class Peers {
public:
    Peers(AttachedBus const& bus, SegmentCache& segments) : bus_(bus), segments_(segments) {}

    /// A copy of its entry. Errors: not_found: the session has ended; no_broker: busd died changing the entry.
    Result<shm::Snapshot<shm::SessionEntry>> entry(SessionKey session) const;

    /// Its cursor segment, read-only, for shm::CursorsView. Errors: as entry(), and those of the segment cache.
    Result<SegmentPtr> cursors(SessionKey session) const;

    /// Semaphore base + w is the bell of its waiter w; only its own uid may ring. Errors: as entry(); not_found: the set has gone.
    struct Bells {
        sys::SemaphoreSet set;
        unsigned base;
    };
    Result<Bells> bells(SessionKey session) const;

    /// The path of its FIFO: "/run/bus/default/fifo/1f".
    std::string fifo_path(std::uint64_t session_id) const;

    /// The counters of all sessions of a uid, read-only. `user` is the index of its UserEntry. Errors: as entry().
    Result<SegmentPtr> attention(std::uint32_t user) const;

    /// Whether its client lives, by its token, with or without busd. Where nothing can be known (the set has gone): yes.
    bool lives(SessionKey session) const;

private:
    AttachedBus const& bus_;
    SegmentCache& segments_;
};

}  // namespace bus::client
