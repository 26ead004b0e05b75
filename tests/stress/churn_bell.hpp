// Looks into a publisher's ring from outside. A message that is there, and that its publisher has not returned from publishing, is
// committed; if the publisher dies now, and its readers sleep, only busd can wake them.
#pragma once

#include <bus/options.hpp>

#include <optional>

#include "client/attached_bus.hpp"
#include "shm/ring_view.hpp"
#include "sys/shared_segment.hpp"

namespace bus::test::churn {

class RingTap {
public:
    /// Returns: none where there is no such ring (any more).
    static std::optional<RingTap> open(client::AttachedBus const& bus, PublisherId publisher);

    /// The number of the last message that is committed.
    std::uint64_t sequence() const { return ring_.head->sequence.load(std::memory_order_acquire); }

private:
    RingTap(sys::SegmentMapping arena, shm::RingView ring) : arena_(std::move(arena)), ring_(ring) {}
    sys::SegmentMapping arena_;
    shm::RingView ring_;
};

}  // namespace bus::test::churn
