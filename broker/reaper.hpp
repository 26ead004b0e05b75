// Who is dead? The FIFO says so at once, the token within a second; only after the token is ours a slot is used again.
#pragma once

#include "state.hpp"

namespace bus::broker {

/// The FIFO has no reader any more: its client died, or it was replaced by another program (exec).
void nobody_reads_fifo(State& state, Session& session);

/// Queues and tokens of the uid that somebody removed (at logout, or by hand) are made anew; its sessions live on, and what they held on to
/// says closed. Also for whoever says hello: a newcomer finds all of it whole.
void replace_missing(State& state, User& user);

/// Once a second: every session's token, offers nobody took, slots that wait for their token, objects that somebody removed.
void look_after_sessions(State& state);

}  // namespace bus::broker
