// What a session may ask for: one function a request. Each changes all it says, or nothing.
#pragma once

#include <bus/v1/control.pb.h>
#include <bus/error.hpp>

#include "made.hpp"
#include "state.hpp"

namespace bus::broker {

/// `number` is the request's: a ring or subscription remembers it, so that a next busd knows whether its maker was told.
Result<Made> create_publisher(State& state, Session& session, v1::CreatePublisher const& request, std::uint64_t number);
Result<Made> remove_publisher(State& state, Session& session, v1::RemovePublisher const& request);
Result<Made> create_subscription(State& state, Session& session, v1::CreateSubscription const& request, std::uint64_t number);
Result<Made> remove_subscription(State& state, Session& session, v1::RemoveSubscription const& request);
Result<Made> detach_ring(State& state, Session& session, v1::DetachRing const& request);
Result<Made> remove_topic(State& state, Session& session, v1::RemoveTopic const& request);
Result<Made> evict_client(State& state, Session& session, v1::EvictClient const& request);

/// not_permitted, with who, what and where the permission would come from.
Error not_permitted(State& state, Session const& session, Verb verb, std::string_view name);

}  // namespace bus::broker
