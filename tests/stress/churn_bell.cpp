// Finding a ring in the directory.
#include "churn_bell.hpp"

#include "shm/ring_format.hpp"

namespace bus::test::churn {

std::optional<RingTap> RingTap::open(client::AttachedBus const& bus, PublisherId publisher) {
    std::optional<RingTap> tap;
    bus.directory().each<shm::RingEntry>([&](std::uint32_t, auto const& entry) {
        if (entry->ring_id != publisher) return true;
        auto arena = sys::SegmentMapping::attach(entry->segment.id, sys::Access::read_only);
        if (!arena) return false;
        auto const ring = shm::open_ring(arena->bytes(), entry->offset, publisher);
        if (ring) tap.emplace(RingTap(std::move(*arena), *ring));
        return false;
    });
    return tap;
}

}  // namespace bus::test::churn
