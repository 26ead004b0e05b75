// A bus as families of numbers.
#include "metrics_families.hpp"

#include <chrono>
#include <map>

#include "object_json.hpp"
#include "participants.hpp"
#include "utf8.hpp"

namespace bus::tool {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;
using Type = MetricFamily::Type;

MetricFamily gauge(std::string name, std::string help) { return {std::move(name), std::move(help), Type::gauge, {}}; }
MetricFamily counter(std::string name, std::string help) { return {std::move(name), std::move(help), Type::counter, {}}; }

MetricFamily single(std::string name, std::string help, double value) {
    auto family = gauge(std::move(name), std::move(help));
    family.metrics.push_back({{}, value});
    return family;
}

template <class N>
void add(MetricFamily& family, Labels labels, N value) {
    family.metrics.push_back({std::move(labels), static_cast<double>(value)});
}

/// A client's name is what its program says: any bytes.
void add_client(Labels& labels, Identity const& identity) {
    labels.emplace_back("client", valid_utf8(identity.name));
    labels.emplace_back("pid", std::to_string(identity.pid));
}

MetricFamily broker_up(bool up) { return single("bus_broker_up", "Whether a broker serves the bus: 1, or 0.", up ? 1 : 0); }

void add_bus(std::vector<MetricFamily>& families, MetricsSnapshot const& snapshot) {
    auto const& info = snapshot.info;
    families.push_back(broker_up(info.broker.alive));
    families.push_back(single("bus_broker_generation", "Number of the broker: raised by each that takes over.",
                              static_cast<double>(info.broker.generation)));
    families.push_back(single("bus_broker_start_time_seconds", "When this generation of the broker started, in seconds since 1970.",
                              std::chrono::duration<double>(info.broker.since.time_since_epoch()).count()));
    auto what = gauge("bus_info", "Name of the bus and version of its broker: 1.");
    add(what, {{"bus", info.bus}, {"version", valid_utf8(info.broker.version)}}, 1);
    families.push_back(std::move(what));
    double dead = 0;
    for (auto const& client : snapshot.clients) dead += client.alive ? 0 : 1;
    families.push_back(single("bus_clients", "Clients on the bus.", static_cast<double>(snapshot.clients.size())));
    families.push_back(single("bus_clients_dead", "Clients that are dead and not cleaned up yet.", dead));
    families.push_back(single("bus_topics", "Topics on the bus.", static_cast<double>(info.topics)));
    families.push_back(single("bus_publishers", "Publishers on the bus.", static_cast<double>(info.publishers)));
    families.push_back(single("bus_subscribers", "Subscribers on the bus, without observers.", static_cast<double>(info.subscribers)));
    families.push_back(single("bus_observers", "Observers on the bus.", static_cast<double>(info.observers)));
}

void add_topics(std::vector<MetricFamily>& families, std::vector<TopicDetail> const& topics) {
    auto what = gauge("bus_topic_info", "Type of the topic, empty for bytes: 1.");
    auto publishers = gauge("bus_topic_publishers", "Publishers of the topic.");
    auto subscribers = gauge("bus_topic_subscribers", "Subscribers of the topic, without observers.");
    auto observers = gauge("bus_topic_observers", "Observers of the topic.");
    auto lost = counter("bus_topic_lost_total", "Messages lost on the topic by all its subscribers, those that are gone too.");
    for (auto const& [topic, unused_publishers, unused_subscribers] : topics) {
        add(what, {{"topic", topic.name}, {"type", topic.type}}, 1);
        add(publishers, {{"topic", topic.name}}, topic.publishers);
        add(subscribers, {{"topic", topic.name}}, topic.subscribers);
        add(observers, {{"topic", topic.name}}, topic.observers);
        add(lost, {{"topic", topic.name}}, topic.lost);
    }
    for (auto* family : {&what, &publishers, &subscribers, &observers, &lost}) families.push_back(std::move(*family));
}

/// Not of those that have left: their numbers stand still, and their client is not known any more.
void add_publishers(std::vector<MetricFamily>& families, std::vector<TopicDetail> const& topics) {
    auto messages = counter("bus_publisher_messages_total", "Messages published.");
    auto bytes = counter("bus_publisher_bytes_total", "Bytes published, with the heads of messages.");
    auto dropped = counter("bus_publisher_dropped_total", "Messages given up because the ring was full: when_full is drop.");
    auto waited = counter("bus_publisher_waited_seconds_total", "Time spent waiting for reliable subscribers.");
    auto held_up = gauge("bus_publisher_held_up", "Whether the publisher waits for a reliable subscriber just now: 1, or 0.");
    auto ring = gauge("bus_publisher_ring_bytes", "Size of the publisher's ring.");
    for (auto const& detail : topics) {
        for (auto const& publisher : detail.publishers) {
            if (publisher.left || publisher.kept) continue;
            Labels labels{{"topic", detail.topic.name}, {"publisher", std::to_string(publisher.id)}};
            add_client(labels, publisher.identity);
            add(messages, labels, publisher.sequence);
            add(bytes, labels, publisher.bytes);
            add(dropped, labels, publisher.dropped);
            add(waited, labels, std::chrono::duration<double>(publisher.waited).count());
            add(held_up, labels, publisher.held_by == 0 ? 0 : 1);
            add(ring, labels, publisher.ring_bytes);
        }
    }
    for (auto* family : {&messages, &bytes, &dropped, &waited, &held_up, &ring}) families.push_back(std::move(*family));
}

/// One a topic and subscriber, not one a publisher besides: those would be too many, and it is the subscriber that is slow.
void add_subscribers(std::vector<MetricFamily>& families, std::vector<TopicDetail> const& topics) {
    auto behind = gauge("bus_subscriber_behind_messages", "Messages published on the topic that the subscriber has not taken yet.");
    auto behind_bytes = gauge("bus_subscriber_behind_bytes", "Their bytes, with the heads of messages.");
    for (auto const& detail : topics) {
        for (auto const& subscriber : detail.subscribers) {
            std::uint64_t messages = 0, bytes = 0;
            for (auto const& progress : subscriber.progress) {
                messages += progress.behind;
                bytes += progress.behind_bytes;
            }
            Labels labels{{"topic", detail.topic.name}, {"subscriber", std::to_string(subscriber.id)}};
            add_client(labels, subscriber.identity);
            labels.emplace_back("kind", std::string(name_of(subscriber.kind)));
            add(behind, labels, messages);
            add(behind_bytes, labels, bytes);
        }
    }
    for (auto* family : {&behind, &behind_bytes}) families.push_back(std::move(*family));
}

/// By publisher, for a sum over publishers would fall when one of them goes. Only where something was lost.
void add_losses(std::vector<MetricFamily>& families, std::vector<LossInfo> const& losses) {
    auto lost = counter("bus_subscriber_lost_total", "Messages of a publisher that a subscriber lost, and why.");
    for (auto const& loss : losses) {
        if (loss.subscription == 0) continue;  // of those that are gone: bus_topic_lost_total has them
        Labels labels{{"topic", loss.topic}, {"publisher", std::to_string(loss.publisher)}};
        labels.emplace_back("subscriber", std::to_string(loss.subscription));
        add_client(labels, loss.identity);
        labels.emplace_back("why", loss.why.substr(0, loss.why.find(':')));
        add(lost, std::move(labels), loss.count);
    }
    families.push_back(std::move(lost));
}

void add_objects(std::vector<MetricFamily>& families, std::vector<KernelObject> const& objects) {
    struct Sum {
        std::uint64_t there = 0, gone = 0, bytes = 0;
    };
    std::map<std::pair<std::string, std::string>, Sum> sums;  // by kind and use
    for (auto const& object : objects) {
        auto& sum = sums[{kind_name(object.kind), object.use}];
        (object.exists ? sum.there : sum.gone) += 1;
        sum.bytes += object.exists ? object.bytes : 0;
    }
    auto count = gauge("bus_kernel_objects", "Kernel objects of the bus, and FIFOs.");
    auto gone = gauge("bus_kernel_objects_gone", "Kernel objects of the bus that somebody else removed.");
    auto bytes = gauge("bus_kernel_object_bytes", "Bytes of segments; bytes that wait in queues.");
    for (auto const& [what, sum] : sums) {
        Labels const labels{{"kind", what.first}, {"use", what.second}};
        add(count, labels, sum.there);
        add(gone, labels, sum.gone);
        if (what.first == "segment" || what.first == "queue") add(bytes, labels, sum.bytes);
    }
    for (auto* family : {&count, &gone, &bytes}) families.push_back(std::move(*family));
}

}  // namespace

std::vector<MetricFamily> families_of(MetricsSnapshot const& snapshot) {
    std::vector<MetricFamily> families;
    add_bus(families, snapshot);
    add_topics(families, snapshot.topics);
    add_publishers(families, snapshot.topics);
    add_subscribers(families, snapshot.topics);
    add_losses(families, snapshot.losses);
    add_objects(families, snapshot.objects);
    return families;
}

std::vector<MetricFamily> families_without_bus() { return {broker_up(false)}; }

std::string type_name(MetricFamily::Type type) { return type == Type::counter ? "counter" : "gauge"; }

}  // namespace bus::tool
