// A bare `bus`: who serves the bus, since when, and how much is on it.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "time_text.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(BusInfo const& info) {
    JsonWriter json;
    json.object().member("bus", info.bus).member("folder", info.folder).key("broker").object();
    json.member("pid", info.broker.pid).member("generation", info.broker.generation).member("since", rfc3339(info.broker.since));
    json.member("version", info.broker.version).member("uid", info.broker.uid).member("alive", info.broker.alive).end_object();
    json.member("clients", info.clients).member("topics", info.topics).member("publishers", info.publishers);
    json.member("subscribers", info.subscribers).member("observers", info.observers);
    return json.end_object().take() + "\n";
}

std::string as_text(BusInfo const& info) {
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

class Status final : public Verb {
public:
    void declare(OptionSet& /*options*/) override {}

    Result<ExitStatus> run(Context& context) override {
        auto const info = bus_info(connection_options(context));
        if (!info) return info.error();
        if (auto written = context.out.write(context.json ? as_json(*info) : as_text(*info)); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }
};

}  // namespace

VerbEntry const kStatus{"", "", "The bus: its broker, and how much is on it", "", make_verb<Status>};

}  // namespace bus::tool
