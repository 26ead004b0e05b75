// One attachment for all who need a segment.
#include "client/segment_cache.hpp"

namespace bus::client {

Result<SegmentPtr> SegmentCache::read(shm::ObjectRef const& ref, shm::SegmentKind kind) { return get(ref, kind, sys::Access::read_only); }

Result<SegmentPtr> SegmentCache::write(shm::ObjectRef const& ref, shm::SegmentKind kind) { return get(ref, kind, sys::Access::read_write); }

Result<SegmentPtr> SegmentCache::get(shm::ObjectRef const& ref, shm::SegmentKind kind, sys::Access access) {
    Key const key{ref.id, ref.cookie, access == sys::Access::read_write};
    std::lock_guard const lock(mutex_);
    if (auto const found = attached_.find(key); found != attached_.end())
        if (auto segment = found->second.lock(); segment && segment->head().kind == kind) return segment;
    auto opened = shm::AttachedSegment::open(ref, kind, broker_uid_, access);
    if (!opened) return opened.error();
    std::erase_if(attached_, [](auto const& entry) { return entry.second.expired(); });
    auto segment = std::make_shared<shm::AttachedSegment const>(std::move(*opened));
    attached_[key] = segment;
    return SegmentPtr(std::move(segment));
}

}  // namespace bus::client
