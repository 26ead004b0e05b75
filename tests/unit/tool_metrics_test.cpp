// A snapshot of a bus as families of numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "metrics_exposition.hpp"
#include "metrics_families.hpp"

namespace bus::tool {
namespace {

using namespace std::chrono_literals;

PublisherInfo publisher(PublisherId id, std::uint64_t sequence) {
    PublisherInfo info{.id = id, .client = 7, .identity = {.pid = 70, .name = "driver"}};
    info.sequence = sequence;
    info.bytes = sequence * 100;
    info.ring_bytes = 4096;
    info.waited = 1500ms;
    return info;
}

SubscriberInfo subscriber(std::uint64_t id, std::vector<SubscriberInfo::Progress> progress) {
    return {
        .id = id, .client = 8, .identity = {.pid = 80, .name = "logger"}, .kind = ReaderKind::reliable, .progress = std::move(progress)};
}

MetricsSnapshot small_bus() {
    MetricsSnapshot bus;
    bus.info.bus = "t";
    bus.info.broker = {.alive = true, .pid = 1, .generation = 3, .since = SentTime(2500ms), .version = "1.2"};
    bus.info.topics = 1;
    bus.clients = {{.id = 7}, {.id = 8, .alive = false}};
    TopicDetail topic{.topic = {.name = "a/b", .type = "demo.Pose", .publishers = 2, .subscribers = 1, .lost = 9}};
    topic.publishers = {publisher(11, 5), publisher(12, 6)};
    topic.publishers[1].held_by = 8;
    topic.subscribers = {subscriber(21, {{.publisher = 11, .behind = 2, .behind_bytes = 200}, {.publisher = 12, .behind = 1}}),
                         subscriber(22, {})};
    bus.topics = {topic};
    bus.losses = {{.topic = "a/b", .publisher = 11, .subscription = 21, .client = 8, .count = 4, .why = "overwritten: it was slow"},
                  {.topic = "a/b", .count = 5, .why = "by those that are gone"}};
    bus.objects = {{.kind = KernelObject::Kind::segment, .use = "arena", .bytes = 1000},
                   {.kind = KernelObject::Kind::segment, .use = "arena", .bytes = 500, .exists = false},
                   {.kind = KernelObject::Kind::segment, .use = "arena", .bytes = 24},
                   {.kind = KernelObject::Kind::semaphores, .use = "bells"}};
    return bus;
}

MetricFamily const& family(std::vector<MetricFamily> const& families, std::string const& name) {
    static MetricFamily const none;
    auto const found = std::ranges::find(families, name, &MetricFamily::name);
    EXPECT_NE(found, families.end()) << name;
    return found == families.end() ? none : *found;
}

/// The value of the metric that has these labels and perhaps others; -1 where there is none, or more than one.
double value(std::vector<MetricFamily> const& families, std::string const& name,
             std::set<std::pair<std::string, std::string>> const& wanted = {}) {
    std::vector<double> values;
    for (auto const& metric : family(families, name).metrics) {
        std::set<std::pair<std::string, std::string>> const labels(metric.labels.begin(), metric.labels.end());
        if (std::ranges::includes(labels, wanted)) values.push_back(metric.value);
    }
    return values.size() == 1 ? values.front() : -1;
}

TEST(MetricsFamilies, SayHowTheBrokerIs) {
    auto const families = families_of(small_bus());
    EXPECT_EQ(value(families, "bus_broker_up"), 1);
    EXPECT_EQ(value(families, "bus_broker_generation"), 3);
    EXPECT_EQ(value(families, "bus_broker_start_time_seconds"), 2.5);
    EXPECT_EQ(value(families, "bus_info", {{"bus", "t"}, {"version", "1.2"}}), 1);
    EXPECT_EQ(value(families, "bus_clients"), 2);
    EXPECT_EQ(value(families, "bus_clients_dead"), 1);
}

TEST(MetricsFamilies, SayWhatPublishersDid) {
    auto const families = families_of(small_bus());
    EXPECT_EQ(value(families, "bus_publisher_messages_total", {{"topic", "a/b"}, {"publisher", "11"}, {"client", "driver"}, {"pid", "70"}}),
              5);
    EXPECT_EQ(value(families, "bus_publisher_bytes_total", {{"publisher", "12"}}), 600);
    EXPECT_EQ(value(families, "bus_publisher_waited_seconds_total", {{"publisher", "12"}}), 1.5);
    EXPECT_EQ(value(families, "bus_publisher_held_up", {{"publisher", "11"}}), 0);
    EXPECT_EQ(value(families, "bus_publisher_held_up", {{"publisher", "12"}}), 1);
}

TEST(MetricsFamilies, LeaveOutPublishersThatHaveLeft) {
    auto bus = small_bus();
    bus.topics[0].publishers[0].left = true;
    bus.topics[0].publishers[1].kept = true;
    EXPECT_TRUE(family(families_of(bus), "bus_publisher_messages_total").metrics.empty());
}

TEST(MetricsFamilies, SumUpHowFarASubscriberIsBehind) {
    auto const families = families_of(small_bus());
    EXPECT_EQ(value(families, "bus_subscriber_behind_messages", {{"subscriber", "21"}, {"client", "logger"}, {"kind", "reliable"}}), 3);
    EXPECT_EQ(value(families, "bus_subscriber_behind_bytes", {{"subscriber", "21"}}), 200);
    EXPECT_EQ(value(families, "bus_subscriber_behind_messages", {{"subscriber", "22"}}), 0);
}

TEST(MetricsFamilies, SayInFewWordsWhySomethingWasLost) {
    auto const families = families_of(small_bus());
    EXPECT_EQ(value(families, "bus_topic_lost_total", {{"topic", "a/b"}}), 9);
    EXPECT_EQ(family(families, "bus_subscriber_lost_total").metrics.size(), 1U) << "those that are gone have no series";
    EXPECT_EQ(value(families, "bus_subscriber_lost_total", {{"publisher", "11"}, {"subscriber", "21"}, {"why", "overwritten"}}), 4);
}

TEST(MetricsFamilies, CountKernelObjectsByKindAndUse) {
    auto const families = families_of(small_bus());
    EXPECT_EQ(value(families, "bus_kernel_objects", {{"kind", "segment"}, {"use", "arena"}}), 2);
    EXPECT_EQ(value(families, "bus_kernel_objects_gone", {{"kind", "segment"}, {"use", "arena"}}), 1);
    EXPECT_EQ(value(families, "bus_kernel_object_bytes", {{"kind", "segment"}, {"use", "arena"}}), 1024);
    EXPECT_EQ(value(families, "bus_kernel_objects", {{"kind", "semaphores"}, {"use", "bells"}}), 1);
}

TEST(MetricsFamilies, NeverSayTheSameTwice) {
    std::set<std::string> names;
    for (auto const& one : families_of(small_bus())) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name;
        EXPECT_FALSE(one.help.empty()) << one.name;
        EXPECT_EQ(one.name.ends_with("_total"), one.type == MetricFamily::Type::counter) << one.name;
        std::set<std::vector<std::pair<std::string, std::string>>> seen;
        for (auto const& metric : one.metrics) EXPECT_TRUE(seen.insert(metric.labels).second) << one.name;
    }
}

TEST(MetricsFamilies, MakeAnyNameOfAClientUtf8) {
    auto bus = small_bus();
    bus.topics[0].publishers[0].identity.name = "caf\xC3\xA9 \xFF\xC3";
    EXPECT_EQ(value(families_of(bus), "bus_publisher_messages_total", {{"client", "caf\xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD"}}), 5);
}

TEST(MetricsFamilies, OfNoBusSayThatItHasNoBroker) {
    auto const families = families_without_bus();
    EXPECT_EQ(families.size(), 1U);
    EXPECT_EQ(value(families, "bus_broker_up"), 0);
}

TEST(MetricsExposition, IsPrometheusText) {
    auto bus = small_bus();
    bus.topics[0].publishers[0].identity.name = "a\"b\\c";
    auto const text = exposition(families_of(bus));
    for (auto const* const line :
         {"# TYPE bus_broker_up gauge\n", "# TYPE bus_publisher_messages_total counter\n", "# HELP bus_topic_lost_total ",
          "bus_broker_up 1\n", "client=\"a\\\"b\\\\c\"", "bus_topic_lost_total{topic=\"a/b\"} 9\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "is not in\n" << text;
}

TEST(MetricsExposition, WritesLargeCountsWhole) {
    auto bus = small_bus();
    bus.topics[0].publishers[0].sequence = 123'456'789'012'345;
    EXPECT_NE(exposition(families_of(bus)).find("} 123456789012345\n"), std::string::npos);
}

}  // namespace
}  // namespace bus::tool
