// The state in words: for SIGUSR1 (dump.cpp), and for the last line of a bus that ends (dropped.cpp).
#pragma once

#include <string>

#include "state.hpp"

namespace bus::broker {

/// Writes the whole state to stderr, a line each.
void dump_state(State& state, std::string const& bus);
/// What goes when the bus ends now, counted and named: "2 sessions (driver, monitor), 2 topics (robot/log: 812 messages retained,
/// robot/pose: 3 messages that driver had still to read)". Of readers the reliable ones are meant: others were promised nothing.
std::string what_is_dropped(State& state);

}  // namespace bus::broker
