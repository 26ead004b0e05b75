// How often a ring is written, told by the stamps of the records in it: no second look after a while is needed, and nothing is counted
// while nobody asks.
#pragma once

#include <cstdint>

#include "shm/ring_view.hpp"

namespace bus::client {

struct RingRate {
    double messages = 0, bytes = 0;  // a second
};

/// Over the last five seconds, or as far back as the ring reaches. 0 where its publisher does not stamp.
RingRate rate_of(shm::RingView const& ring, std::uint64_t now_steady_ns);

}  // namespace bus::client
