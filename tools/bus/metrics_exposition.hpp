// Families of numbers in Prometheus's text format, as text or served over HTTP.
#pragma once

#include <bus/error.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "listen_address.hpp"
#include "metrics_families.hpp"

namespace bus::tool {

std::string exposition(std::vector<MetricFamily> const& families);

/// Serves /metrics while it lives, with threads of its own.
class MetricsServer {
public:
    /// `read` is called once a scrape, by the server's threads. Errors: those of check_can_listen().
    static Result<MetricsServer> open(ListenAddress const& address, std::function<std::vector<MetricFamily>()> read);

    MetricsServer(MetricsServer&&) noexcept;
    ~MetricsServer();
    /// Where it listens, with the port that the kernel chose where 0 was asked for.
    ListenAddress const& address() const noexcept;

private:
    struct Served;
    explicit MetricsServer(std::unique_ptr<Served> served) noexcept;
    std::unique_ptr<Served> served_;
};

}  // namespace bus::tool
