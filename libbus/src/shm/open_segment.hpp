// Opening a segment for who keeps the mapping itself, as busd does when it takes over: nothing is attached twice.
#pragma once

#include "shm/segment.hpp"
#include "sys/ipc_permissions.hpp"

namespace bus::shm {

struct OpenedSegment {
    sys::SegmentMapping mapping;
    sys::Permissions permissions;  // as the kernel says at open
    SegmentHead const& head() const noexcept { return *reinterpret_cast<SegmentHead const*>(mapping.bytes().data()); }
};

/// Attaches the segment and checks it. Errors: those of AttachedSegment::open.
Result<OpenedSegment> open_segment(ObjectRef const& ref, SegmentKind kind, uid_t creator, sys::Access access, sys::Deadline deadline);

}  // namespace bus::shm
