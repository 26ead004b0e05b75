// What has to be there after a death in the middle of a system call, and at the end of all of them.
#pragma once

#include <string>

#include "calls_broker.hpp"
#include "calls_stage.hpp"

namespace bus::test {

/// Waits until there is of everything what there was `when`; the bystander lets go of what has left meanwhile.
void expect_footprint(MortalBroker const& broker, Bystander& bystander, std::optional<Footprint> const& wanted, std::string const& when);
/// Everybody has left: busd, where one runs, ends in order, and nothing stays.
void expect_nothing_left(MortalBroker& broker);
/// Another busd serves and has taken over what there was.
void expect_adopted(MortalBroker& broker, std::uint64_t generation_before);

}  // namespace bus::test
