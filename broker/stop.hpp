// busd --stop.
#pragma once

#include <string>

namespace bus::broker {

/// Ends the busd that holds the bus's lock and waits until it has. Returns: the exit status: 0, 1 (not ours to end), 4 (there is none).
int stop_bus(std::string const& bus);

}  // namespace bus::broker
