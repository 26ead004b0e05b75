// Segments of others, attached once for all handles of a connection: a subscriber's rings lie in few arenas.
//
// A segment stays attached while somebody holds it. What is handed out was checked: id, creator, size, cookie and kind agree with what the
// directory says. Its content can still be written by its owner at any time.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "shm/segment_layout.hpp"
#include "sys/shared_segment.hpp"

namespace bus::client {

/// One attached segment. Immutable; shared.
class MappedSegment {
public:
    MappedSegment(sys::SegmentMapping mapping) noexcept : mapping_(std::move(mapping)) {}  // NOLINT(google-explicit-constructor)
    /// Empty in a forked child.
    std::span<std::byte const> bytes() const noexcept { return mapping_.bytes(); }
    /// Empty unless it is our own.
    std::span<std::byte> writable_bytes() const noexcept { return mapping_.writable_bytes(); }
    int id() const noexcept { return mapping_.id(); }

private:
    sys::SegmentMapping mapping_;
};
using SegmentPtr = std::shared_ptr<MappedSegment const>;

/// Attaches and checks: creator is `broker_uid`, head says `kind` and the ref's cookie, size holds the head at least.
/// Errors: not_found  it has gone, or the id means another one by now       not_permitted  its mode keeps us out
///         conflict   another layout version                                limit          address space
Result<SegmentPtr> attach_segment(shm::ObjectRef const& ref, shm::SegmentKind kind, std::uint32_t broker_uid, sys::Access access);

/// Threads: any.
class SegmentCache {
public:
    explicit SegmentCache(std::uint32_t broker_uid) noexcept : broker_uid_(broker_uid) {}

    /// Attached already or now, read-only. Errors: those of attach_segment.
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
    std::map<Key, std::weak_ptr<MappedSegment const>> attached_;
};

}  // namespace bus::client
