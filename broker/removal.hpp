// What somebody removed behind our back: ipcrm, rm, or systemd at logout (RemoveIPC). busd looks for it once a second.
//
// Queues, tokens and the sign of life are made anew (reaper.hpp, own_objects.hpp), and who has no bells looks again instead. What others
// have mapped by its id (cursors, arenas, attention counters) or open by its name (FIFOs) can't be exchanged under them: the sessions it
// belonged to end, and their clients open others. Without its directory, its schemas, its lock, its knock or its registry nobody can find
// the bus: it ends in order, and a new one begins.
#pragma once

#include <string>

#include "bus_folder.hpp"
#include "state.hpp"

namespace bus::broker {

enum class Whole {
    yes,
    no,     // something everybody needs has gone
    taken,  // and another busd holds the lock by now: what stands in the folder is its own
};
struct BusCheck {
    Whole whole = Whole::yes;
    std::string missing;  // for people: object or file
};
BusCheck check_bus(State const& state, BusFolder const& folder);

/// Ends the sessions whose cursors, arenas, attention counters or FIFO have gone; forgets what nobody can use any more.
void mend_removed(State& state);

}  // namespace bus::broker
