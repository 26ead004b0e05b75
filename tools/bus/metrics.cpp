// bus metrics: the numbers of the bus for Prometheus, once or whenever it asks.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "json_writer.hpp"
#include "listen_address.hpp"
#include "metrics_exposition.hpp"
#include "metrics_source.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::vector<MetricFamily> const& families) {
    JsonWriter json;
    json.object().key("metrics").array();
    for (auto const& family : families) {
        for (auto const& metric : family.metrics) {
            json.object().member("name", family.name).member("type", type_name(family.type)).key("labels").object();
            for (auto const& [name, value] : metric.labels) json.member(name, value);
            json.end_object().member("value", metric.value).end_object();
        }
    }
    return json.end_array().end_object().take() + "\n";
}

class Metrics final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("--listen", listen_, "Serve them at ADDRESS:PORT, or at PORT on loopback, until interrupted; port 0: any");
        selection_.declare(options, Need::optional);
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        return listen_.empty() ? write_once(context) : serve(context);
    }

private:
    Result<ExitStatus> write_once(Context& context) const {
        auto const snapshot = take_snapshot(selection_, connection_options(context));
        if (!snapshot) return snapshot.error();
        auto const families = families_of(*snapshot);
        if (auto written = context.out.write(context.json ? as_json(families) : exposition(families)); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

    Result<ExitStatus> serve(Context& context) const {
        if (context.json) return usage_error("--listen serves Prometheus's text, no JSON", "leave out --listen or --json");
        if (listen_.size() > 1) return usage_error("--listen is given " + std::to_string(listen_.size()) + " times", "give it once");
        auto const address = parse_listen_address(listen_.front());
        if (!address) return address.error();
        auto const options = connection_options(context);
        // A bus that was never there is a mistake; one that goes away later is news.
        if (auto there = bus_info(options); !there) return there.error();
        MetricsSource source([&] { return take_snapshot(selection_, options); });
        auto server = MetricsServer::open(*address, [&source] { return source.read(); });
        if (!server) return server.error();
        context.note("metrics at http://" + server->address().text() + "/metrics");
        wait_for_interrupt();
        return ExitStatus::done;
    }

    Selection selection_;
    std::vector<std::string> listen_;  // once at most
};

}  // namespace

VerbEntry const kMetrics{
    "", "metrics", "The numbers of the bus, for Prometheus",
    "Writes them once in Prometheus's text format, or as JSON; with --listen each scrape gets fresh ones. TOPICs choose whose\n"
    "topics are in it. It is no client of the bus and costs publishers nothing. docs/metrics.md says what each means.",
    make_verb<Metrics>};

}  // namespace bus::tool
