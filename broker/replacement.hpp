// A bus whose objects somebody removed while no busd lived: its clients have them mapped still, and go on by themselves. Who begins another
// bus in its place tells them.
#pragma once

#include "bus_folder.hpp"
#include "shm/registry_layout.hpp"

namespace bus::broker {

/// Says in the old directory that another bus comes, and wakes who sleeps on a FIFO. `directory` as the registry names it. Where nobody has
/// it mapped there is nobody to be told.
void tell_former_clients(shm::RegistryRecord const& directory, BusFolder const& folder);

}  // namespace bus::broker
