// A busd from its configuration to its end.
#pragma once

#include "options.hpp"

namespace bus::broker {

/// Serves the bus until a signal ends it. Returns: the exit status. What went wrong has been said.
int serve(Options const& options);

}  // namespace bus::broker
