// busd as one who rings: answers are announced to waiter 0, changes of what a session reads or publishes to everybody asleep in it, and
// messages of busd's own to those who wait for them.
//
// Changes and answers are stored before; the fence here pairs with the one of Sleeper::fall_asleep: either the sleeper sees the news in its
// last look, or we see it asleep. A stray ring is harmless: who wakes looks around and sleeps again.
#pragma once

#include "session_table.hpp"
#include "shm/sleepers.hpp"

namespace bus::broker {

/// An answer lies in the lobby.
void ring_for_answer(Session const& session);
/// Something in the directory changed that this session should look at.
void ring_all(Session const& session);
/// busd published a message, and fenced: rings those who sleep and want one of `topics`, once a sleep.
void ring_for_message(Session const& session, shm::Bellringer& bell, std::uint64_t topics);

}  // namespace bus::broker
