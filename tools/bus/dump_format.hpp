// All that can be said of a bus: taken, and written.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "screen.hpp"

namespace bus::tool {

struct BusDump {
    BusInfo info;
    std::vector<ClientInfo> clients;
    std::vector<TopicDetail> topics;  // those of the bus itself too
    std::vector<LossInfo> losses;
    std::vector<KernelObject> objects;
};

/// One part after the other, while the bus goes on. Errors: those of bus_info().
Result<BusDump> take_dump(ConnectionOptions const& options);

std::string dump_json(BusDump const& dump);
std::string dump_text(BusDump const& dump, Screen const& screen);
/// What changes when somebody comes or goes, and only then.
std::string what_is_there(BusDump const& dump);

}  // namespace bus::tool
