// Who reads what: rings and subscriptions brought together and taken apart again, with all that hangs on it.
//
// Every function here leaves the directory whole at each step; what is unlinked is freed afterwards, never before.
#pragma once

#include <bus/error.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "state.hpp"

namespace bus::broker {

/// A ring to be, as far as readers care.
struct RingOffer {
    std::string_view topic;
    std::string_view type;
    std::string_view descriptor_set;  // empty: it has none
    sys::Ownership access;
};

/// Whether that subscription gets what such a ring carries: name, type and its version, permission, and a mode that lets it.
bool wants(State& state, Subscription const& subscription, RingOffer const& offer);
RingOffer offer_of(State& state, Ring const& ring);

/// Whether there is a member entry and a cursor for each of these readers (one more ring each). Errors: limit: nothing was changed.
Result<void> check_room(State& state, std::vector<Subscription*> const& readers);
/// Makes `subscription` a member of `ring`; its room was checked. Rings nobody.
Result<void> connect(State& state, Ring& ring, Subscription& subscription, MemberTable::Start start);
/// Ends one membership: counts what was lost, frees the cursor, and the ring too where it was the last reader of a ring that was left.
void disconnect(State& state, Ring& ring, Subscription& subscription, std::uint64_t lost);

/// The publisher of the ring is gone: its readers read on, then it goes. Rings them.
void retire(State& state, Ring& ring);
/// Ends a subscription and all its memberships. Rings the publishers.
void end_subscription(State& state, Subscription& subscription);
/// Takes a ring without members out of its topic and gives its room back.
void free_ring(State& state, Ring& ring);
/// Removes the topic where nobody needs it any more.
void drop_topic_if_unneeded(State& state, Topic& topic);
/// Counts who is subscribed to the topic, by name or by pattern.
void recount(State& state, Topic& topic);

}  // namespace bus::broker
