// The only file that sees prometheus-cpp, and the HTTP server in it.
#include "metrics_exposition.hpp"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>

#include <exception>
#include <utility>

namespace bus::tool {
namespace {

prometheus::ClientMetric as_prometheus(Metric const& metric, MetricFamily::Type type) {
    prometheus::ClientMetric result;
    for (auto const& [name, value] : metric.labels) result.label.push_back({name, value});
    (type == MetricFamily::Type::counter ? result.counter.value : result.gauge.value) = metric.value;
    return result;
}

std::vector<prometheus::MetricFamily> as_prometheus(std::vector<MetricFamily> const& families) {
    std::vector<prometheus::MetricFamily> result;
    for (auto const& family : families) {
        auto const type = family.type == MetricFamily::Type::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
        result.push_back({family.name, family.help, type, {}});
        for (auto const& metric : family.metrics) result.back().metric.push_back(as_prometheus(metric, family.type));
    }
    return result;
}

class Collector final : public prometheus::Collectable {
public:
    explicit Collector(std::function<std::vector<MetricFamily>()> read) : read_(std::move(read)) {}
    std::vector<prometheus::MetricFamily> Collect() const override { return as_prometheus(read_()); }  // NOLINT: their name

private:
    std::function<std::vector<MetricFamily>()> read_;
};

/// A few scrapes at once at most, and nobody keeps a thread from the others for long by saying nothing.
std::vector<std::string> server_options(ListenAddress const& address) {
    return {"listening_ports", address.text(), "num_threads", "8", "request_timeout_ms", "2000"};
}

}  // namespace

std::string exposition(std::vector<MetricFamily> const& families) {
    return prometheus::TextSerializer().Serialize(as_prometheus(families));
}

struct MetricsServer::Served {
    Served(ListenAddress const& where, std::function<std::vector<MetricFamily>()> read)
        : address(where), collector(std::make_shared<Collector>(std::move(read))), exposer(server_options(where)) {
        if (auto const ports = exposer.GetListeningPorts(); !ports.empty()) address.port = static_cast<std::uint16_t>(ports.front());
        exposer.RegisterCollectable(collector);
    }

    ListenAddress address;
    std::shared_ptr<Collector> collector;  // outlives the exposer, which calls it
    prometheus::Exposer exposer;
};

Result<MetricsServer> MetricsServer::open(ListenAddress const& address, std::function<std::vector<MetricFamily>()> read) {
    // The server would only say that it failed.
    if (auto can = check_can_listen(address); !can) return can.error();
    try {
        return MetricsServer(std::make_unique<Served>(address, std::move(read)));
    } catch (std::exception const& failed) {
        return Error(Errc::io, "can't serve at " + address.text() + ": " + failed.what(), "try once more, or choose another port");
    }
}

MetricsServer::MetricsServer(std::unique_ptr<Served> served) noexcept : served_(std::move(served)) {}
MetricsServer::MetricsServer(MetricsServer&&) noexcept = default;
MetricsServer::~MetricsServer() = default;
ListenAddress const& MetricsServer::address() const noexcept { return served_->address; }

}  // namespace bus::tool
