// Arenas: segments of one session's publishers, one permission each, from which rings are carved.
//
// A ring of more than half an arena gets a segment of its own, which goes with it. Others share; an arena goes when its session has ended
// and the last ring in it was freed.
#pragma once

#include <bus/error.hpp>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "object_store.hpp"
#include "shm/arena_extents.hpp"
#include "shm/ring_format.hpp"

namespace bus::broker {

struct Arena {
    shm::ObjectRef ref;
    sys::SegmentMapping mapping;  // ours, writable: busd lays rings out and looks at their tails
    shm::ArenaExtents extents;
    std::uint64_t session_id = 0;  // 0: busd's own rings; goes with the last of them
    sys::Ownership access;
    bool single = false;   // made for one large ring
    bool orphan = false;   // its session has ended
    bool spoiled = false;  // a ring in it could not be trusted: whoever has it may still write there, so nothing new is laid out in it
};

struct RingPlacement {
    Arena* arena = nullptr;
    std::uint64_t offset = 0;
};

class ArenaStore {
public:
    ArenaStore(ObjectStore& objects, std::uint64_t arena_bytes) : objects_(objects), arena_bytes_(arena_bytes) {}

    enum class Pages { ordinary, huge };
    /// Room for a ring of that capacity; huge pages: in a segment of its own, of ordinary ones where the kernel has no others.
    /// Errors: limit: with the kernel limit that is to blame.
    Result<RingPlacement> carve(std::uint64_t session_id, sys::Ownership access, std::uint64_t capacity, std::string const& text,
                                Pages pages = Pages::ordinary);
    /// Gives the ring's room back.
    void release(shm::ObjectRef const& segment, std::uint64_t offset, std::uint64_t capacity);
    void session_ended(std::uint64_t session_id);

    Arena* find(shm::ObjectRef const& segment);
    /// What was committed to the ring at that place; 0 where it can't be read. Its publisher could have written anything.
    std::uint64_t tail(shm::ObjectRef const& segment, std::uint64_t offset, std::uint64_t ring_id);
    /// The ring at that place goes when its readers have read it, also by the next busd's judgement.
    void retain_no_more(shm::ObjectRef const& segment, std::uint64_t offset);
    /// Takes over an arena that an earlier busd made. Errors: those of AttachedSegment::open.
    Result<Arena*> adopt(shm::ObjectRef const& segment, std::uint64_t session_id);
    /// After adoption: removes the arenas of sessions that are gone and that hold no ring.
    void remove_unused();
    std::map<int, std::unique_ptr<Arena>>& all() noexcept { return arenas_; }

private:
    Result<Arena*> create(SegmentOrder const& order, bool single);
    void remove_if_unused(Arena& arena);

    ObjectStore& objects_;
    std::uint64_t arena_bytes_;
    std::map<int, std::unique_ptr<Arena>> arenas_;  // by segment id
};

}  // namespace bus::broker
