// Segments of others, attached once for all handles of a connection: a subscriber's rings lie in few arenas.
//
// A segment stays attached while somebody holds it. What is handed out was checked: creator, size, cookie and kind agree with what the
// directory says. Its content can still be written by its owner at any time.
#pragma once

#include <bus/error.hpp>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "shm/segment.hpp"

namespace bus::client {

using SegmentPtr = std::shared_ptr<shm::AttachedSegment const>;

/// Threads: any.
class SegmentCache {
public:
    explicit SegmentCache(std::uint32_t broker_uid) noexcept : broker_uid_(broker_uid) {}

    /// Attached already or now, read-only. Errors: those of shm::AttachedSegment::open.
    Result<SegmentPtr> read(shm::ObjectRef const& ref, shm::SegmentKind kind);
    /// The same for an arena of our own, writable.
    Result<SegmentPtr> write(shm::ObjectRef const& ref, shm::SegmentKind kind);

private:
    struct Key {
        int id;
        shm::Cookie cookie;
        bool writable;
        auto operator<=>(Key const&) const = default;
    };
    Result<SegmentPtr> get(shm::ObjectRef const& ref, shm::SegmentKind kind, sys::Access access);

    std::uint32_t broker_uid_;
    std::mutex mutex_;
    std::map<Key, std::weak_ptr<shm::AttachedSegment const>> attached_;
};

}  // namespace bus::client
