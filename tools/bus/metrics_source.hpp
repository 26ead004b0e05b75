// Reads the numbers of a bus from the bus, again and again.
#pragma once

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

/// Threads: any, one after the other.
class MetricsSource {
public:
    MetricsSource(Selection const& selection, ConnectionOptions options) : selection_(selection), options_(std::move(options)) {}

    /// Fresh numbers; what is left to say where the bus is not there any more.
    std::vector<MetricFamily> read();

private:
    std::vector<MetricFamily> families() const;

    Selection const& selection_;
    ConnectionOptions options_;
    std::mutex mutex_;
    std::map<std::string, double> counters_;  // as they were read last, by name and labels
};

}  // namespace bus::tool
