// What a retained topic keeps of the publishers that have gone: the last `history` messages, in one ring of busd's own.
//
// A publisher's ring that was left stays as it is while it is the only one. When there are two, their last messages go into a new ring (a
// kept ring), in the order of their stamps, each with its publisher and its number; then the two go. So a publisher that comes and goes
// all day leaves no pile.
//
// And if we die here? The kept ring is whole before its entry is, and the entry names the two rings that are in it (RingEntry::folded): the
// next busd frees those of them it still finds.
#pragma once

#include "state.hpp"

namespace bus::broker {

/// To be called when a ring of that topic was left and has no members any more. Frees those that nobody will ask for; the topic may go too.
void keep_history(State& state, Topic& topic);

}  // namespace bus::broker
