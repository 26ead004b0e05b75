// Reads the numbers of a bus from the bus, again and again.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "metrics_families.hpp"
#include "selection.hpp"

namespace bus::tool {

/// The topics are those of the selection, all else is the whole bus. Needs no session, and works without a broker.
/// Errors: those of bus_info().
Result<MetricsSnapshot> take_snapshot(Selection const& selection, ConnectionOptions const& options);

/// Threads: any; they wait for each other.
class MetricsSource {
public:
    explicit MetricsSource(std::function<Result<MetricsSnapshot>()> take) : take_(std::move(take)) {}

    /// Fresh numbers; what is left to say where the bus is not there any more.
    std::vector<MetricFamily> read();

private:
    std::vector<MetricFamily> families() const;

    std::function<Result<MetricsSnapshot>()> take_;
    std::mutex mutex_;
    std::map<std::string, double> counters_;  // as they were read last, by name and labels
};

}  // namespace bus::tool
