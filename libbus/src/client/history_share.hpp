// What a late subscriber gets of a retained topic: its last `history` messages in all, however many rings they lie in.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "client/core.hpp"
#include "shm/chains.hpp"

namespace bus::client {

/// How many messages of each ring (by its id) a subscriber that asks for `history` is to begin with; 0: for all that is retained. Only
/// retained rings of topics that have several are named; all others give what they have, each for itself.
/// What can't be read is left out: attaching it says why.
std::map<std::uint64_t, std::size_t> share_history(Core& core, std::vector<shm::Link<shm::MemberEntry>> const& members,
                                                   std::size_t history);

}  // namespace bus::client
