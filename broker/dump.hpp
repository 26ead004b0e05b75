// The state in words: for SIGUSR1, and for the last line of a bus that ends.
#pragma once

#include <string>

#include "state.hpp"

namespace bus::broker {

/// Writes the whole state to stderr, a line each.
void dump_state(State& state, std::string const& bus);
/// What goes when the bus ends now: "2 sessions (driver, monitor), 1 topic (robot/pose: 812 messages retained)".
std::string what_is_dropped(State& state);

}  // namespace bus::broker
