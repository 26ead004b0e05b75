// SysV shared memory: OwnedSegment made one and removes it, Segment uses one by its id, SegmentMapping is one attached here.
//
// Every mapping is MADV_DONTFORK: a child has none, so a dead process's mappings are gone when its tokens say so. Permission is
// checked by the kernel when attaching, not later.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <cstddef>
#include <span>
#include <utility>

#include "sys/fork_guard.hpp"
#include "sys/ipc_permissions.hpp"

namespace bus::sys {

struct SegmentStat {
    Permissions permissions;
    std::size_t size_bytes = 0;
    std::size_t attached = 0;  // mappings of all processes
    pid_t creator = 0;
    bool marked = false;  // removed already: goes with its last mapping, has no key any more
};

/// Uses a segment; a value, owns nothing. Threads: any.
class Segment {
public:
    explicit Segment(int id) noexcept : id_(id) {}
    /// The id behind a key. No permission is needed for this. Errors: not_found.
    static Result<Segment> open(key_t key);
    int id() const noexcept { return id_; }
    /// Works whatever the mode. Errors: not_found.
    Result<SegmentStat> stat() const;
    Result<void> set_owner(Ownership const& to) const;
    /// Marks it: it goes with the last mapping, and can be attached by id until then. Errors: not_found.
    Result<void> remove() const;

private:
    int id_;
};

struct SegmentOptions {
    key_t key = 0;
    std::size_t size_bytes = 0;
    mode_t mode = 0600;
    bool huge_pages = false;  // where the kernel has some for us; else ordinary ones
};

/// Made a segment, and removes it in the destructor (not in a forked child) unless released. Move-only.
class OwnedSegment {
public:
    /// A new segment, all zero. Errors: conflict: the key is taken; invalid: size 0;
    /// too_large: kernel.shmmax; limit: kernel.shmmni, kernel.shmall or memory.
    static Result<OwnedSegment> create(SegmentOptions const& options);
    static OwnedSegment adopt(Segment segment) noexcept { return OwnedSegment(segment.id(), false); }
    OwnedSegment(OwnedSegment&& other) noexcept : guard_(other.guard_), id_(std::exchange(other.id_, -1)), huge_(other.huge_) {}
    OwnedSegment& operator=(OwnedSegment&& other) noexcept;
    OwnedSegment(OwnedSegment const&) = delete;
    OwnedSegment& operator=(OwnedSegment const&) = delete;
    ~OwnedSegment();

    Segment get() const noexcept { return Segment(id_); }
    int id() const noexcept { return id_; }
    bool has_huge_pages() const noexcept { return huge_; }
    Result<void> remove();
    Segment release() noexcept { return Segment(std::exchange(id_, -1)); }

private:
    OwnedSegment(int id, bool huge) noexcept : id_(id), huge_(huge) {}
    ForkGuard guard_;
    int id_ = -1;
    bool huge_ = false;
};

enum class Access { read_only, read_write };

/// A segment attached to this process; detached by the destructor. Move-only. In a forked child it is empty.
class SegmentMapping {
public:
    SegmentMapping() noexcept = default;
    /// Errors: not_found: the segment has gone; not_permitted: mode or owner; limit: address space.
    static Result<SegmentMapping> attach(int id, Access access);
    SegmentMapping(SegmentMapping&& other) noexcept;
    SegmentMapping& operator=(SegmentMapping&& other) noexcept;
    SegmentMapping(SegmentMapping const&) = delete;
    SegmentMapping& operator=(SegmentMapping const&) = delete;
    ~SegmentMapping();

    /// The whole segment; empty where nothing is attached, and in a forked child.
    std::span<std::byte const> bytes() const noexcept { return writable_or_not(); }
    /// The same for read_write; empty for read_only.
    std::span<std::byte> writable_bytes() const noexcept {
        return access_ == Access::read_write ? writable_or_not() : std::span<std::byte>{};
    }
    int id() const noexcept { return id_; }
    explicit operator bool() const noexcept { return !bytes().empty(); }

    /// Makes every page real, so that no first touch is slow. read_write only. Errors: invalid; limit: memory.
    Result<void> populate() const { return populate(0, size_bytes_); }
    /// The same for a part, to whole pages.
    Result<void> populate(std::size_t offset, std::size_t bytes) const;

private:
    std::span<std::byte> writable_or_not() const noexcept {
        return guard_.in_child() ? std::span<std::byte>{} : std::span(address_, size_bytes_);
    }
    void detach() noexcept;

    ForkGuard guard_;
    std::byte* address_ = nullptr;
    std::size_t size_bytes_ = 0;
    int id_ = -1;
    Access access_ = Access::read_only;
};

}  // namespace bus::sys
