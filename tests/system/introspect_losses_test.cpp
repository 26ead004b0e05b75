// Who lost what and why, and who holds up whom: as tools see it, with a living busd and with a dead one.
#include <gtest/gtest.h>

#include <algorithm>
#include <bus/introspect.hpp>
#include <csignal>
#include <thread>

#include "support/child.hpp"
#include "support/on_bus.hpp"

using namespace bus::test;

namespace {

constexpr std::uint64_t kMany = 1000;  // several rings of 4096 bytes

class Losses : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("both").value();

    bus::Publisher<Number> small(bus::WhenFull when_full, std::string const& topic = "t") {
        return bus.publisher<Number>(topic, {.ring_bytes = 4096, .when_full = when_full, .wait_for = patience()}).value();
    }
    static void publish_many(bus::Publisher<Number>& publisher) {
        for (std::uint64_t i = 1; i <= kMany; ++i) (void)publisher.publish(number(i)).value();
    }
    static void read_all(bus::Subscriber<Number>& subscriber) {
        while (subscriber.try_receive()) continue;
    }
    std::vector<bus::LossInfo> losses(std::string const& pattern = "**") const {
        return bus::list_losses(pattern, broker.options()).value();
    }
    bus::TopicDetail detail() const { return bus::topic_detail("t", broker.options()).value(); }
    std::uint64_t subscription(bus::ReaderKind kind) const {
        auto const found = detail();
        auto const subscriber = std::ranges::find(found.subscribers, kind, &bus::SubscriberInfo::kind);
        return subscriber == found.subscribers.end() ? 0 : subscriber->id;
    }
    /// The one publisher of "t", and what its reader of that kind says of it.
    std::uint64_t held_by() const { return detail().publishers.at(0).held_by; }
    bool holds_up(bus::ReaderKind kind) const {
        auto const found = detail();
        auto const subscriber = std::ranges::find(found.subscribers, kind, &bus::SubscriberInfo::kind);
        return subscriber != found.subscribers.end() && subscriber->progress.at(0).holds_up;
    }
};

TEST_F(Losses, TellWhatABestEffortReaderDidNotReadInTime) {
    auto subscriber = bus.subscriber<Number>("*").value();
    auto publisher = small(bus::WhenFull::wait);
    EXPECT_TRUE(losses().empty());
    publish_many(publisher);
    read_all(subscriber);
    ASSERT_GT(subscriber.lost(), 0u);
    auto const rows = losses();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].topic, "t");
    EXPECT_EQ(rows[0].publisher, publisher.id());
    EXPECT_EQ(rows[0].subscription, subscription(bus::ReaderKind::best_effort));
    EXPECT_EQ(rows[0].client, bus.clients().value().at(0).id);
    EXPECT_EQ(rows[0].identity.name, "both");
    EXPECT_EQ(rows[0].identity.pid, ::getpid());
    EXPECT_EQ(rows[0].count, subscriber.lost());
    EXPECT_EQ(rows[0].why, subscriber.losses().at(0).why) << "the subscriber says the same of itself";
    EXPECT_NE(rows[0].why.find("overwritten before it was read"), std::string::npos) << rows[0].why;
    EXPECT_EQ(rows[0].why.find("given up"), std::string::npos) << rows[0].why;
    EXPECT_EQ(detail().topic.lost, rows[0].count);
}

TEST_F(Losses, TellWhatThePublisherGaveUpForAReliableReader) {
    auto reliable = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = small(bus::WhenFull::drop);
    publish_many(publisher);
    read_all(reliable);
    ASSERT_GT(publisher.dropped(), 0u);
    auto const rows = losses();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].subscription, subscription(bus::ReaderKind::reliable));
    EXPECT_EQ(rows[0].count, publisher.dropped());
    EXPECT_EQ(rows[0].why, reliable.losses().at(0).why);
    EXPECT_NE(rows[0].why.find("given up by the publisher"), std::string::npos) << rows[0].why;
}

TEST_F(Losses, LeaveBothReasonsOpenWhereABestEffortReaderMayHaveMissedEither) {
    auto reliable = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto best_effort = bus.subscriber<Number>("t").value();
    auto publisher = small(bus::WhenFull::drop);
    publish_many(publisher);
    read_all(best_effort);
    auto const rows = losses();
    ASSERT_EQ(rows.size(), 1u) << "the reliable one has not looked yet";
    EXPECT_EQ(rows[0].subscription, subscription(bus::ReaderKind::best_effort));
    EXPECT_EQ(rows[0].count, publisher.dropped());
    EXPECT_NE(rows[0].why.find("or given up by the publisher"), std::string::npos) << rows[0].why;
}

TEST_F(Losses, OfAReaderThatHasGoneAreKept) {
    auto publisher = small(bus::WhenFull::wait);
    std::uint64_t lost = 0;
    {
        auto subscriber = bus.subscriber<Number>("t").value();
        publish_many(publisher);
        read_all(subscriber);
        lost = subscriber.lost();
    }
    ASSERT_TRUE(eventually([&] { return !losses().empty() && losses()[0].subscription == 0; }));
    auto const rows = losses();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].topic, "t");
    EXPECT_EQ(rows[0].publisher, 0u);
    EXPECT_EQ(rows[0].client, 0u);
    EXPECT_EQ(rows[0].count, lost);
    EXPECT_NE(rows[0].why.find("by subscribers that are gone"), std::string::npos) << rows[0].why;
}

TEST_F(Losses, OfAPublisherThatHasGoneAreKept) {
    auto subscriber = bus.subscriber<Number>("t").value();
    {
        auto publisher = small(bus::WhenFull::wait);
        publish_many(publisher);
    }
    ASSERT_TRUE(eventually([&] {
        read_all(subscriber);
        return detail().publishers.empty();
    }));
    auto const rows = losses();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].subscription, 0u);
    EXPECT_EQ(rows[0].count, subscriber.lost());
    EXPECT_NE(rows[0].why.find("of publishers that are gone"), std::string::npos) << rows[0].why;
}

TEST_F(Losses, AreListedByTopicOfThePatternAlsoWithADeadBroker) {
    auto first = bus.subscriber<Number>("a/*").value();
    auto second = bus.subscriber<Number>("**", {.observe = true}).value();
    auto one = small(bus::WhenFull::wait, "b/y");
    auto other = small(bus::WhenFull::wait, "a/x");
    for (auto* const publisher : {&one, &other}) {
        publish_many(*publisher);
        read_all(first);
        read_all(second);
    }
    for (bool const alive : {true, false}) {
        if (!alive) broker.kill();
        auto const rows = losses();
        ASSERT_EQ(rows.size(), 3u);
        EXPECT_EQ(rows[0].topic, "a/x");
        EXPECT_EQ(rows[1].topic, "a/x");
        EXPECT_LT(rows[0].subscription, rows[1].subscription);
        EXPECT_EQ(rows[0].count, first.lost());
        EXPECT_EQ(rows[1].count + rows[2].count, second.lost());
        EXPECT_EQ(rows[2].topic, "b/y");
        EXPECT_EQ(rows[2].publisher, one.id());
        EXPECT_EQ(losses("b/*").size(), 1u);
        EXPECT_TRUE(losses("nobody/here").empty());
        EXPECT_EQ(bus::list_losses("a//b", broker.options()).error(), bus::Errc::invalid);
    }
}

TEST_F(Losses, AreAvoidedByWaitingWhichIsSeenWithWhomItWaitsFor) {
    auto other = broker.connect("slow").value();
    auto reliable = other.subscriber<Number>("t", {.reliable = true}).value();
    auto best_effort = other.subscriber<Number>("t").value();
    auto publisher = small(bus::WhenFull::wait);
    EXPECT_EQ(held_by(), 0u);
    EXPECT_FALSE(holds_up(bus::ReaderKind::reliable));
    std::jthread publishing([&] { publish_many(publisher); });
    EXPECT_TRUE(eventually([&] { return holds_up(bus::ReaderKind::reliable); }));
    EXPECT_FALSE(holds_up(bus::ReaderKind::best_effort)) << "of the same client";
    EXPECT_EQ(held_by(), detail().subscribers.at(0).client);
    broker.kill();
    EXPECT_TRUE(holds_up(bus::ReaderKind::reliable)) << "without busd";
    EXPECT_TRUE(eventually([&] { return detail().publishers.at(0).waited.count() > 0; }));
    for (std::uint64_t i = 1; i <= kMany; ++i) EXPECT_EQ(reliable.receive_for(patience()).value().message().value(), i);
    publishing.join();
    EXPECT_FALSE(holds_up(bus::ReaderKind::reliable));
    EXPECT_EQ(held_by(), 0u);
}

BUS_TEST_ROLE(waits_for_room) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = patience()}).value();
    while (publisher.publish(number(1))) continue;
    return 0;
}

TEST_F(Losses, DoNotShowADeadPublisherAsWaiting) {
    auto reliable = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto child = run_role("waits_for_room", on(broker));
    ASSERT_TRUE(eventually([&] { return !detail().publishers.empty() && held_by() != 0; }));
    broker.kill();
    child.kill(SIGKILL);
    EXPECT_EQ(child.wait().signal, SIGKILL);
    EXPECT_EQ(held_by(), 0u);
    EXPECT_FALSE(holds_up(bus::ReaderKind::reliable));
    broker.restart();
    EXPECT_EQ(held_by(), 0u) << "it left, and what it published is still being read";
}

}  // namespace
