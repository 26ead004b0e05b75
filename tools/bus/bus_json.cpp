// What is said of the bus.
#include "bus_json.hpp"

#include "quantity.hpp"
#include "time_text.hpp"

namespace bus::tool {

void add_bus(JsonWriter& json, BusInfo const& info) {
    json.member("bus", info.bus).member("folder", info.folder).key("broker").object();
    json.member("pid", info.broker.pid).member("generation", info.broker.generation).member("since", rfc3339(info.broker.since));
    json.member("version", info.broker.version).member("uid", info.broker.uid).member("alive", info.broker.alive).end_object();
}

void add_counts(JsonWriter& json, BusInfo const& info) {
    json.member("clients", info.clients).member("topics", info.topics).member("publishers", info.publishers);
    json.member("subscribers", info.subscribers).member("observers", info.observers);
}

std::string bus_text(BusInfo const& info) {
    auto const& broker = info.broker;
    auto text = "bus '" + info.bus + "' in " + info.folder + "\n";
    text += "  busd " + broker.version + ", pid " + std::to_string(broker.pid) + ", uid " + std::to_string(broker.uid) + ", generation " +
            std::to_string(broker.generation) + (broker.alive ? ", serves since " : ", DEAD; served since ") + rfc3339(broker.since);
    if (broker.alive) text += " (" + show_duration(wall_now() - broker.since) + ")";
    text += "\n  " + std::to_string(info.clients) + " clients, " + std::to_string(info.topics) + " topics, " +
            std::to_string(info.publishers) + " publishers, " + std::to_string(info.subscribers) + " subscribers, " +
            std::to_string(info.observers) + " observers\n";
    return text;
}

}  // namespace bus::tool
