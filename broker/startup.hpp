// From a locked folder to a State that serves: what an earlier busd left is adopted, or removed and made anew.
#pragma once

#include <bus/error.hpp>
#include <memory>
#include <string>

#include "bus_folder.hpp"
#include "state.hpp"

namespace bus::broker {

struct Started {
    std::unique_ptr<State> state;
    std::string how;  // one line: what was adopted, reaped, replaced
};

/// `last_generation` of a bus this process served before, else 0: the new one is above it, and above what the folder says.
/// Errors: limit: the kernel has no room for the bus's objects; io. Nothing new is left then.
Result<Started> start_bus(BusFolder& folder, Config config, std::uint64_t last_generation);

}  // namespace bus::broker
