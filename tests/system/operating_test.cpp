// What operators do to others: clients evicted, topics removed, and who may.
#include <gtest/gtest.h>

#include <algorithm>
#include <bus/introspect.hpp>

#include "support/child.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class Operating : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("operator").value();

    std::uint64_t id_of(std::string const& name) const {
        auto const clients = bus::list_clients(broker.options()).value();
        auto const found = std::ranges::find(clients, name, [](auto const& one) { return one.identity.name; });
        return found == clients.end() ? 0 : found->id;
    }
    std::vector<bus::TopicInfo> topics() const { return bus::list_topics("**", broker.options()).value(); }

    /// A retained topic whose publisher is gone, with `count` messages in it.
    void retain(std::string const& topic, std::uint64_t count) {
        {
            auto publisher = bus.publisher<Number>(topic, {.retain = true}).value();
            for (std::uint64_t i = 1; i <= count; ++i) (void)publisher.publish(number(i)).value();
        }
        ASSERT_TRUE(eventually([&] { return !topics().empty() && topics()[0].publishers == 0; }));
    }
};

TEST_F(Operating, EvictsAClientWhichIsClosedAndHarmsNobody) {
    auto other = broker.connect("other").value();
    auto reader = other.subscriber<Number>("of/evicted", {.reliable = true}).value();
    auto publisher = other.publisher<Number>("of/other", {.ring_bytes = 4096, .when_full = bus::WhenFull::refuse}).value();
    {
        auto evicted = broker.connect("evicted").value();
        auto lost = evicted.subscriber<Number>("of/other", {.reliable = true}).value();
        auto ended = evicted.publisher<Number>("of/evicted").value();
        for (std::uint64_t i = 1; i <= 3; ++i) (void)ended.publish(number(i)).value();
        while (publisher.publish(number(1))) continue;  // it is a ring ahead of the one that will be evicted
        auto const id = id_of("evicted");
        ASSERT_TRUE(bus.evict(id));
        EXPECT_TRUE(eventually([&] { return ended.publish(number(4)).error() == bus::Errc::closed; }));
        EXPECT_EQ(lost.receive_for(patience()).error(), bus::Errc::closed);
        EXPECT_EQ(evicted.clients().error(), bus::Errc::closed);
        EXPECT_EQ(evicted.evict(id_of("other")).error(), bus::Errc::closed) << "an evicted client operates no more";
        EXPECT_TRUE(bus.evict(id)) << "again, while its process holds on: nothing happens";

        EXPECT_TRUE(publisher.publish(number(1))) << "nobody holds it up any more";
        for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(reader.receive_for(patience()).value().message().value(), i);
        EXPECT_TRUE(broker.connect("evicted")) << "its process may come again";
    }
    EXPECT_TRUE(eventually([&] { return id_of("evicted") == 0; }));
    EXPECT_NE(id_of("other"), 0u);
    EXPECT_TRUE(other.publisher<Number>("more"));
}

TEST_F(Operating, EvictsNeitherAnUnknownClientNorOneself) {
    auto const unknown = bus.evict(4711).error();
    EXPECT_EQ(unknown, bus::Errc::not_found);
    EXPECT_NE(unknown.what().find("4711"), std::string::npos) << unknown.what();
    EXPECT_EQ(bus.evict(id_of("operator")).error(), bus::Errc::invalid);
    EXPECT_TRUE(bus.clients()) << "it is still there";
    auto const moved = std::move(bus);
    EXPECT_EQ(bus.evict(1).error(), bus::Errc::closed);  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST_F(Operating, RefusesToRemoveATopicInUseAndNamesItsUsers) {
    auto const refused = [&](std::string const& counts, std::string const& name) {
        auto const error = bus.remove_topic("t").error();
        EXPECT_EQ(error, bus::Errc::conflict);
        EXPECT_EQ(error.what(), "topic t is in use: " + counts + ", of " + name + " (client " + std::to_string(id_of(name)) + ")");
        EXPECT_NE(error.hint(), "");
    };
    {
        auto other = broker.connect("writes").value();
        auto publisher = other.publisher<Number>("t", {.retain = true}).value();
        (void)publisher.publish(number(1)).value();
        refused("1 publishers, 0 subscribers by name", "writes");
    }
    ASSERT_TRUE(eventually([&] { return topics().at(0).publishers == 0; }));
    {
        auto other = broker.connect("reads").value();
        auto subscriber = other.subscriber<Number>("t").value();
        auto pattern = broker.connect("pattern").value().subscriber<Number>("**").value();
        refused("0 publishers, 1 subscribers by name", "reads");  // neither who left nor the one with the pattern
        EXPECT_EQ(topics().size(), 1u);
    }
    EXPECT_TRUE(eventually([&] { return bus.remove_topic("t").has_value(); }));
}

TEST_F(Operating, NamesTheFirstOfManyUsersAndCountsTheOthers) {
    std::vector<bus::Connection> others;
    std::vector<bus::Subscriber<Number>> subscribers;
    for (int i = 0; i < 10; ++i) {
        others.push_back(broker.connect("reader").value());
        subscribers.push_back(others.back().subscriber<Number>("t").value());
    }
    auto const error = bus.remove_topic("t").error();
    EXPECT_EQ(error, bus::Errc::conflict);
    EXPECT_NE(error.what().find("10 subscribers by name"), std::string::npos) << error.what();
    EXPECT_NE(error.what().find("and 2 more"), std::string::npos) << error.what();
}

TEST_F(Operating, RemovesARetainedTopicNobodyUsesAnyMore) {
    retain("t", 3);
    ASSERT_TRUE(bus.remove_topic("t"));
    EXPECT_TRUE(topics().empty());
    EXPECT_EQ(bus.remove_topic("t").error(), bus::Errc::not_found);
    EXPECT_EQ(bus.remove_topic("a//b").error(), bus::Errc::invalid);
    EXPECT_EQ(bus.remove_topic("**").error(), bus::Errc::invalid);

    auto publisher = bus.publisher<Text>("t").value();  // another type
    auto subscriber = bus.subscriber<Text>("t", {.history = 10}).value();
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block) << "nothing of what was retained";
}

TEST_F(Operating, LetsThoseWhoReadARemovedTopicByAPatternReadItToTheEnd) {
    retain("t", 3);
    auto subscriber = bus.subscriber<Number>("*", {.history = 3}).value();
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 1u);
    ASSERT_TRUE(bus.remove_topic("t"));
    EXPECT_EQ(bus.subscriber<Number>("*", {.history = 3}).value().try_receive().error(), bus::Errc::would_block) << "who comes later";
    broker.kill();
    broker.restart();
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 2u);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 3u);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_TRUE(eventually([&] { return topics().empty(); })) << "also by the judgement of the next busd";
    auto publisher = bus.publisher<Number>("t").value();
    (void)publisher.publish(number(9)).value();
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 9u) << "it begins anew for them";
}

TEST_F(Operating, NeedsALivingBroker) {
    auto options = broker.options("hasty");
    options.timeout = 100ms;
    auto hasty = bus::Connection::open(options).value();
    auto const id = id_of("operator");
    broker.kill();
    auto const error = hasty.evict(id).error();
    EXPECT_EQ(error, bus::Errc::no_broker);
    EXPECT_NE(error.what().find("evict client " + std::to_string(id)), std::string::npos) << error.what();
    EXPECT_EQ(hasty.remove_topic("t").error(), bus::Errc::no_broker);
}

TEST(OperatingForOthers, NeedsARuleThatSaysSo) {
    BUS_REQUIRE_ROOT();
    for (auto const* const config : {"[[allow]]\nsubscribe = [\"**\"]\n", "[[allow]]\noperate = [\"**\"]\n"}) {
        bus::testing::LocalBroker broker({.config = config});
        auto const bus = std::make_optional(broker.connect("of root").value());
        auto const id = bus->clients().value().at(0).id;
        bool const allowed = std::string_view(config).find("operate") != std::string_view::npos;
        auto const status = run_forked(
            [&] {
                auto alice = broker.connect("alice").value();
                auto const removed = alice.remove_topic("t").error();
                auto const evicted = alice.evict(id);
                if (allowed) return removed == bus::Errc::not_found && evicted ? 0 : 1;
                auto const names_uid = removed.what().find(std::to_string(kAliceUid)) != std::string::npos;
                return removed == bus::Errc::not_permitted && evicted.error() == bus::Errc::not_permitted && names_uid ? 0 : 2;
            },
            {.uid = kAliceUid});
        EXPECT_EQ(status, 0) << status;
        EXPECT_EQ(bus->clients().has_value(), !allowed);
    }
}

}  // namespace
