// Making a segment's head, and opening a segment somebody else made: is it the one we were told of, by whom, in a layout we know?
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <span>
#include <string_view>

#include "shm/segment_layout.hpp"
#include "sys/clock.hpp"
#include "sys/ipc_key.hpp"
#include "sys/shared_segment.hpp"

namespace bus::shm {

inline Cookie cookie_of(sys::Cookie const& cookie) noexcept { return {cookie.high, cookie.low}; }

/// "directory", "arena" ...
std::string_view to_string(SegmentKind kind) noexcept;

struct SegmentIdentity {
    SegmentKind kind = SegmentKind::none;
    Cookie cookie{};
    std::uint32_t owner_uid = 0;
    std::uint64_t generation = 0;
    std::uint64_t object = 0;
};

/// Fills the head of a new segment, all but its magic word; then the maker lays out the rest and calls publish_segment().
void format_segment(std::span<std::byte> segment, SegmentIdentity const& identity) noexcept;
/// Stores the magic word (release; partner: AttachedSegment::open): from here on the segment can be opened.
void publish_segment(std::span<std::byte> segment) noexcept;

/// A segment of the bus attached here, its head checked. Move-only.
///
/// Threads: any, as far as what lies behind the head allows.
class AttachedSegment {
public:
    AttachedSegment() noexcept = default;

    /// Attaches the segment and checks creator, magic, version, cookie, kind and size, in this order.
    ///
    /// Errors: not_found      it has gone
    ///         not_permitted  mode or owner; or it was made by another uid than `creator`
    ///         conflict       another segment stands under this id (cookie, kind), or another version of the layout: names both
    ///         timeout        its maker did not finish it until `deadline`
    ///         invalid        no segment of the bus, or shorter than it says
    static Result<AttachedSegment> open(ObjectRef const& ref, SegmentKind kind, uid_t creator, sys::Access access,
                                        sys::Deadline deadline = sys::deadline_after(std::chrono::milliseconds(200)));

    std::span<std::byte const> bytes() const noexcept { return mapping_.bytes(); }
    std::span<std::byte> writable_bytes() const noexcept { return mapping_.writable_bytes(); }
    SegmentHead const& head() const noexcept { return *reinterpret_cast<SegmentHead const*>(bytes().data()); }
    std::uint32_t owner_uid() const noexcept { return owner_uid_; }  // as the kernel says at open
    int id() const noexcept { return mapping_.id(); }
    explicit operator bool() const noexcept { return static_cast<bool>(mapping_); }
    sys::SegmentMapping const& mapping() const noexcept { return mapping_; }

private:
    AttachedSegment(sys::SegmentMapping mapping, std::uint32_t owner_uid) noexcept : mapping_(std::move(mapping)), owner_uid_(owner_uid) {}
    sys::SegmentMapping mapping_;
    std::uint32_t owner_uid_ = 0;
};

}  // namespace bus::shm
