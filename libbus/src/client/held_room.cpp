// Room given back to a publisher that waits for it.
#include "client/held_room.hpp"

#include "client/inlet.hpp"

namespace bus::client {

void HeldRoom::ring_publisher() noexcept { inlet_->ring_publisher(); }

}  // namespace bus::client
