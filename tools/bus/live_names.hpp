// Names that are on the bus just now, by what an option or argument takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "candidates.hpp"

namespace bus::tool {

/// `type`: TOPIC, CLIENT, TYPE, FIELD (of `topic`), BUS, SHELL; FILE and CMD are the shell's own; nothing is known of others.
void add_live_names(std::string_view type, std::string const& topic, ConnectionOptions const& options, std::vector<Candidate>& found);

}  // namespace bus::tool
