// A topic has one type, in versions that read each other. Who comes second has to agree, or is told both.
#pragma once

#include <bus/v1/control.pb.h>
#include <bus/error.hpp>

#include <string_view>

#include "state.hpp"

namespace bus::broker {

/// Whether the type can be one at all: its name fits, its descriptor set (where there is one) describes it. Errors: invalid, too_large.
Result<void> check_type(v1::Type const& type);

/// Whether a publisher, or a subscriber by name, of that type can share the topic; a null topic takes any. It has to be readable as the
/// topic's own version, and as that of everybody it would write to or read from: being readable is not transitive.
/// Errors: schema_mismatch: names both types, with their difference.
Result<void> check_publishers_type(State& state, Topic const* topic, v1::Type const& type);
Result<void> check_subscribers_type(State& state, Topic const* topic, v1::Type const& type);

/// Whether a subscription can read messages of that type in that version: it has none of its own, or the two are readable as each other.
bool can_read(State& state, Subscription const& subscription, std::string_view type, std::string_view descriptor_set);

/// A type stored as a topic has it: one user of its schema, to be given to settle_type() or released. Errors: limit.
Result<TopicType> store_type(State& state, v1::Type const& type);

/// Gives the topic that type where nobody relies on another, or its description where it had none; else drops `type`.
void settle_type(State& state, Topic& topic, TopicType const& type);

}  // namespace bus::broker
