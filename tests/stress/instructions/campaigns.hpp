// The campaigns over operations in memory. Each adds to the coverage and to the findings of the lab, and stops early where those are
// enough.
#pragma once

#include "lab.hpp"

namespace bus::test {

/// Publishes in each way, so many in each phase of the ring, a copy of the ring read after each instruction; in retained rings and others,
/// or, for a quick look, each way in one of the two.
void walk_publishes(Lab& lab, int of_each_phase, bool every_ring);

/// A reader, walked to every `stride`-th instruction of taking a message and giving it back, in each phase of the ring; there the publisher
/// publishes as much as it may.
void walk_receives(Lab& lab, std::uint64_t stride);

/// A reliable subscriber, walked to every `stride`-th instruction of joining a ring; there the publisher publishes as much as it may.
void walk_joins(Lab& lab, std::uint64_t stride);

/// A subscriber, walked to every `stride`-th instruction of falling asleep; there a message is published.
void walk_sleeps(Lab& lab, std::uint64_t stride);

/// A publisher, walked to every `stride`-th instruction of a publish; there a subscriber goes to sleep.
void walk_wakes(Lab& lab, std::uint64_t stride);

}  // namespace bus::test
