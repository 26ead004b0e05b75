// The three objects of the bus itself, and whoever removes them (ipcrm, RemoveIPC).
#pragma once

#include "state.hpp"

namespace bus::broker {

/// Raises the sign of life: +1, with SEM_UNDO. Whoever serves a bus does it once, before it serves.
Result<void> say_alive(shm::ObjectRef const& alive);

/// Makes the rendezvous queue or the `alive` set anew where somebody removed it, and tells everybody where.
///
/// Errors: not_found: the directory itself was removed. Who has it attached can use it still, nobody else can find it: the bus must end.
Result<void> look_after_own_objects(State& state);

}  // namespace bus::broker
