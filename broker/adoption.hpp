// What a busd that died left, taken over: its directory is scanned once, each entry is checked against the objects it names, half-made
// changes are completed or undone, the dead are reaped, and what nothing names is removed.
//
// The scan trusts entries and no chain: chains, counts and free room are made anew. It can be run again after a death in its middle.
#pragma once

#include <string>

#include "state.hpp"
#include "sys/directory.hpp"

namespace bus::broker {

/// What could not be trusted, or was not there any more: its owners and readers find it gone, or made anew.
struct Replaced {
    std::size_t users = 0, sessions = 0, rings = 0;
    /// "1 session, 2 rings"; "nothing".
    std::string text() const;
};

/// Returns: what was done, for the log: "adopted 3 sessions, 2 topics, ...; reaped 1; removed 2 objects nobody needs; replaced nothing".
std::string adopt_everything(State& state, sys::Directory const& fifos);
/// The steps of it, in this order.
void adopt_users_and_sessions(State& state, Replaced& replaced);
void adopt_topics_and_readers(State& state, Replaced& replaced);

/// Wakes every session, so that it sees the new generation.
void ring_everybody(State& state);
/// Removes FIFOs of sessions that are not there.
void remove_unknown_fifos(State& state, sys::Directory const& fifos);

}  // namespace bus::broker
