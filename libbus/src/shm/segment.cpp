// Segment heads: written last by the maker, looked at first by everybody else.
#include "shm/segment.hpp"

#include <sched.h>

#include <cstring>
#include <string>
#include <utility>

#include "shm/open_segment.hpp"

namespace bus::shm {

namespace {

constexpr std::uint64_t kMagic = kSegmentMagic | kLayoutVersion;
constexpr std::uint64_t kMagicMask = 0xFFFF'FFFF'0000'0000;

std::string described(ObjectRef const& ref, SegmentKind kind) {
    return std::string(to_string(kind)) + " segment " + std::to_string(ref.id);
}

/// Waits while the maker is still at it: some microseconds, unless it died.
Result<void> await_magic(SegmentHead const& head, ObjectRef const& ref, SegmentKind kind, sys::Deadline deadline) {
    std::uint64_t magic;
    while ((magic = head.magic_version.load(std::memory_order_acquire)) == 0) {  // partner: publish_segment
        if (sys::has_passed(deadline))
            return Error(Errc::timeout, described(ref, kind) + ": its maker never finished it", "is busd running? try: bus doctor");
        ::sched_yield();
    }
    if (magic == kMagic) return {};
    if ((magic & kMagicMask) != kSegmentMagic) return Error(Errc::invalid, described(ref, kind) + " is no segment of a bus");
    return Error(Errc::conflict,
                 described(ref, kind) + " has layout version " + std::to_string(magic & ~kMagicMask) + ", this program knows version " +
                     std::to_string(kLayoutVersion),
                 "use the library and the busd of one release");
}

Result<void> check_head(SegmentHead const& head, ObjectRef const& ref, SegmentKind kind, std::size_t mapped_bytes) {
    if (head.cookie != ref.cookie)
        return Error(Errc::conflict, described(ref, kind) + " is another one by now: its cookie differs",
                     "the bus was restarted: connect again");
    if (head.kind != kind)
        return Error(Errc::conflict, described(ref, kind) + " says it is of kind " + std::to_string(static_cast<std::uint32_t>(head.kind)));
    if (std::uint64_t const bytes = head.bytes; bytes > mapped_bytes)
        return Error(Errc::invalid,
                     described(ref, kind) + " says it has " + std::to_string(bytes) + " bytes, but has " + std::to_string(mapped_bytes));
    return {};
}

}  // namespace

std::string_view to_string(SegmentKind kind) noexcept {
    switch (kind) {
        case SegmentKind::directory:
            return "directory";
        case SegmentKind::arena:
            return "arena";
        case SegmentKind::cursors:
            return "cursor";
        case SegmentKind::attention:
            return "attention";
        case SegmentKind::schemas:
            return "schema";
        case SegmentKind::none:
            break;
    }
    return "unknown";
}

void format_segment(std::span<std::byte> segment, SegmentIdentity const& identity) noexcept {
    auto& head = *reinterpret_cast<SegmentHead*>(segment.data());
    head.magic_version.store(0, std::memory_order_relaxed);
    head.cookie = identity.cookie;
    head.kind = identity.kind;
    head.owner_uid = identity.owner_uid;
    head.bytes = segment.size();
    head.generation = identity.generation;
    head.object = identity.object;
    head.reserved = 0;
}

void publish_segment(std::span<std::byte> segment) noexcept {
    reinterpret_cast<SegmentHead*>(segment.data())->magic_version.store(kMagic, std::memory_order_release);
}

Result<AttachedSegment> AttachedSegment::open(ObjectRef const& ref, SegmentKind kind, uid_t creator, sys::Access access,
                                              sys::Deadline deadline) {
    auto opened = open_segment(ref, kind, creator, access, deadline);
    if (!opened) return opened.error();
    return AttachedSegment(std::move(opened->mapping), opened->permissions.owner_uid);
}

Result<OpenedSegment> open_segment(ObjectRef const& ref, SegmentKind kind, uid_t creator, sys::Access access, sys::Deadline deadline) {
    auto mapping = sys::SegmentMapping::attach(ref.id, access);
    if (!mapping) return mapping.error();
    auto const stat = sys::Segment(ref.id).stat();  // attached: the id can't become another segment's any more
    if (!stat) return stat.error();
    if (stat->permissions.creator_uid != creator)
        return Error(Errc::not_permitted,
                     described(ref, kind) + " was made by uid " + std::to_string(stat->permissions.creator_uid) +
                         ", not by the broker's uid " + std::to_string(creator),
                     "somebody else's object stands in the bus's place: try: bus doctor");
    auto const bytes = mapping->bytes();
    if (bytes.size() < sizeof(SegmentHead)) return Error(Errc::invalid, described(ref, kind) + " is shorter than a segment's head");
    auto const& head = *reinterpret_cast<SegmentHead const*>(bytes.data());
    if (auto const known = await_magic(head, ref, kind, deadline); !known) return known.error();
    if (auto const good = check_head(head, ref, kind, bytes.size()); !good) return good.error();
    return OpenedSegment{std::move(*mapping), stat->permissions};
}

}  // namespace bus::shm
