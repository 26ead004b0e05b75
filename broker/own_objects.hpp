// Rendezvous queue and sign of life of the bus itself, and whoever removes them (ipcrm, RemoveIPC).
#pragma once

#include "state.hpp"

namespace bus::broker {

/// Raises the sign of life: +1, with SEM_UNDO. Whoever serves a bus does it once, before it serves.
Result<void> say_alive(shm::ObjectRef const& alive);

/// Makes the rendezvous queue or the `alive` set anew where somebody removed it, and tells everybody where. (For the
/// directory see removal.hpp: who has it attached can use it still, nobody else can find it.)
void look_after_own_objects(State& state);

}  // namespace bus::broker
