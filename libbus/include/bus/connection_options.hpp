// How to reach a bus.
#pragma once

#include <bus/time.hpp>
#include <string>

namespace bus {

struct ConnectionOptions {
    std::string bus = {};                        // empty: $BUS_NAME, else "default"
    std::string name = {};                       // shown by the tools, at most 63 bytes; empty: the program's name
    Duration timeout = std::chrono::seconds(5);  // of open() and of every request to busd
    std::string runtime_dir = {};                // the bus lives in runtime_dir/bus; empty: as the environment says
};

}  // namespace bus
