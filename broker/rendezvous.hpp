// Hellos: from strangers on the rendezvous queue, from those whose uid is known already on that uid's own request queue.
//
// Nothing in a Hello is believed: the answer goes into the lobby of the uid it claims, which only that uid can read. What strangers can
// make us do is bounded: so many uids that never attached, so many offers a uid that nobody took, so many messages a turn.
#pragma once

#include <bus/v1/control.pb.h>

#include "state.hpp"

namespace bus::broker {

inline constexpr std::chrono::seconds kStrangerStays{10};  // a uid that nobody attached from keeps its lobby so long
inline constexpr std::chrono::seconds kUserStays{60};      // after the last session of a uid its queues wait so long for another one

/// `proven_uid`: the owner of the request queue it came by; none: the rendezvous queue.
void say_hello(State& state, v1::Hello const& hello, std::optional<std::uint32_t> proven_uid);

/// Sends what lobbies had no room for. Returns: whether something still waits.
bool send_offers(State& state);

/// One that was said hello with that nonce has attached: he has read one offer.
void note_offer_taken(User& user, std::uint64_t nonce);
/// Takes offers and refusals nobody read in time out of the lobbies again.
void take_back_unread(State& state);
/// Of a busd that has died: all offers and refusals, before anybody is told of us. Whose nonces they had nobody knows any more, and who
/// waits for one says hello again. Answers stay.
void take_back_all(State& state);

/// Removes users nobody attached from, or whose last session ended, some time ago.
void forget_strangers(State& state);

}  // namespace bus::broker
