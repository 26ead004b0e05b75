// Numbers read again and again: what is told where they fall, or where there is no bus any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "metrics_source.hpp"

namespace bus::tool {
namespace {

/// A bus whose topic has lost so many.
MetricsSnapshot lost(std::uint64_t count) {
    MetricsSnapshot bus;
    bus.info.broker.alive = true;
    bus.topics = {{.topic = {.name = "t", .lost = count}}};
    return bus;
}

double value(std::vector<MetricFamily> const& families, std::string const& name) {
    auto const found = std::ranges::find(families, name, &MetricFamily::name);
    return found == families.end() || found->metrics.size() != 1 ? -1 : found->metrics[0].value;
}

/// A source that finds these one after the other, and the number of those it has not looked at.
struct Sequence {
    explicit Sequence(std::deque<Result<MetricsSnapshot>> looks) : left(std::move(looks)) {}

    std::deque<Result<MetricsSnapshot>> left;
    MetricsSource source{[this] {
        auto next = std::move(left.front());
        left.pop_front();
        return next;
    }};
};

TEST(MetricsSource, LooksAgainWhereACounterFell) {
    Sequence bus({lost(5), lost(2), lost(7)});
    EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), 5);
    EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), 7) << "2 was a moment between";
    EXPECT_TRUE(bus.left.empty());
}

TEST(MetricsSource, TellsWhatIsLessStill) {
    Sequence bus({lost(5), lost(0), lost(0), lost(1)});
    EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), 5);
    EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), 0) << "another topic of that name";
    EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), 1);
    EXPECT_TRUE(bus.left.empty());
}

TEST(MetricsSource, LooksOnceWhereCountersGrow) {
    Sequence bus({lost(1), lost(1), lost(2)});
    for (auto const wanted : {1, 1, 2}) EXPECT_EQ(value(bus.source.read(), "bus_topic_lost_total"), wanted);
}

TEST(MetricsSource, SaysThatTheBrokerIsDownWhereThereIsNoBus) {
    Sequence bus({lost(1), Error(Errc::no_broker, "gone"), lost(2)});
    EXPECT_EQ(value(bus.source.read(), "bus_broker_up"), 1);
    auto const gone = bus.source.read();
    EXPECT_EQ(gone.size(), 1U);
    EXPECT_EQ(value(gone, "bus_broker_up"), 0);
    EXPECT_EQ(value(bus.source.read(), "bus_broker_up"), 1);
}

}  // namespace
}  // namespace bus::tool
