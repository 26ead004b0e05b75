// A bare `bus`: who serves the bus, since when, and how much is on it.
#include <bus/introspect.hpp>

#include "bus_json.hpp"
#include "connect.hpp"
#include "json_writer.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(BusInfo const& info) {
    JsonWriter json;
    json.object();
    add_bus(json, info);
    add_counts(json, info);
    return json.end_object().take() + "\n";
}

class Status final : public Verb {
public:
    void declare(OptionSet& /*options*/) override {}

    Result<ExitStatus> run(Context& context) override {
        auto const info = bus_info(connection_options(context));
        if (!info) return info.error();
        if (auto written = context.out.write(context.json ? as_json(*info) : bus_text(*info)); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }
};

}  // namespace

VerbEntry const kStatus{"", "", "The bus: its broker, and how much is on it", "", make_verb<Status>};

}  // namespace bus::tool
