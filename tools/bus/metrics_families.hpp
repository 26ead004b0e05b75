// What `bus metrics` says of a bus: a snapshot of it as families of numbers with labels. docs/metrics.md says what each means.
//
// Rules: names as Prometheus wants them (seconds, bytes, _total); no two metrics of a family have the same labels, for one such pair spoils
// the whole scrape; each counter belongs to one thing that is never used twice (a publisher's id, a subscription's), so it only grows.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <utility>
#include <vector>

namespace bus::tool {

struct MetricsSnapshot {
    BusInfo info = {};
    std::vector<TopicDetail> topics = {};
    std::vector<ClientInfo> clients = {};
    std::vector<LossInfo> losses = {};
    std::vector<KernelObject> objects = {};
};

struct Metric {
    std::vector<std::pair<std::string, std::string>> labels = {};  // valid UTF-8
    double value = 0;
};

struct MetricFamily {
    enum class Type { gauge, counter };
    std::string name = {}, help = {};
    Type type = Type::gauge;
    std::vector<Metric> metrics = {};
};

std::vector<MetricFamily> families_of(MetricsSnapshot const& snapshot);
/// Of a bus that was there and is not: all that can be said is that it has no broker.
std::vector<MetricFamily> families_without_bus();

std::string type_name(MetricFamily::Type type);

}  // namespace bus::tool
