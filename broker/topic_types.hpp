// A topic has one type. Who comes second has to agree, or is told both.
#pragma once

#include <bus/v1/control.pb.h>
#include <bus/error.hpp>

#include <string_view>

#include "state.hpp"

namespace bus::broker {

/// Whether the type can be one at all: its name fits, its descriptor set (where there is one) describes it. Errors: invalid, too_large.
Result<void> check_type(v1::Type const& type);

/// Whether somebody with that type can share the topic; a null topic takes any. `who` begins the error: "publisher of robot/pose".
/// Errors: schema_mismatch: names both types.
Result<void> check_agreement(State& state, Topic const* topic, v1::Type const& type, std::string_view who);

/// A type stored as a topic has it: one user of its schema, to be given to settle_type() or released. Errors: limit.
Result<TopicType> store_type(State& state, v1::Type const& type);

/// Gives the topic that type where nobody relies on another, or its description where it had none; else drops `type`.
void settle_type(State& state, Topic& topic, TopicType const& type);

}  // namespace bus::broker
