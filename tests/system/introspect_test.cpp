// Looking at a bus from outside: with a living busd, with a dead one, and cleaning up after the dead.
#include <gtest/gtest.h>

#include <algorithm>
#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <filesystem>
#include <set>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "types.pb.h"

namespace bus::test {

using testing::LocalBroker;

namespace {

std::set<std::pair<int, int>> ids(std::vector<KernelObject> const& objects) {
    std::set<std::pair<int, int>> all;
    for (auto const& object : objects)
        if (object.kind != KernelObject::Kind::fifo) all.emplace(static_cast<int>(object.kind), object.id);
    return all;
}

std::set<std::pair<int, int>> kernel_ids() {
    std::set<std::pair<int, int>> all;
    for (auto const& object : ipc_objects()) {
        auto const kind = object.kind == IpcObject::Kind::queue     ? KernelObject::Kind::queue
                          : object.kind == IpcObject::Kind::segment ? KernelObject::Kind::segment
                                                                    : KernelObject::Kind::semaphores;
        all.emplace(static_cast<int>(kind), object.id);
    }
    return all;
}

void publish(Publisher<Pose>& publisher, int count) {
    for (int i = 0; i < count; ++i) {
        Pose pose;
        pose.set_x(i);
        publisher.publish(pose).value();
    }
}

}  // namespace

TEST(Introspection, TellsTopicPublisherAndReaders) {
    LocalBroker broker;
    auto bus = broker.connect("both").value();
    auto publisher = bus.publisher<Pose>("robot/pose").value();
    auto reliable = bus.subscriber<Pose>("robot/*", {.reliable = true}).value();
    auto observer = bus.subscriber<Any>("**", {.observe = true}).value();
    ASSERT_TRUE(publisher.wait_for_subscribers(2, patience()));
    publish(publisher, 10);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(reliable.receive_for(patience()));

    auto const topics = list_topics("robot/**", broker.options()).value();
    ASSERT_EQ(topics.size(), 1U);
    EXPECT_EQ(topics[0].name, "robot/pose");
    EXPECT_EQ(topics[0].type, "bus.test.Pose");
    EXPECT_EQ(topics[0].publishers, 1U);
    EXPECT_EQ(topics[0].subscribers, 1U);
    EXPECT_EQ(topics[0].observers, 1U);
    EXPECT_EQ(topics[0].messages, 10U);
    EXPECT_GT(topics[0].rate, 0);
    EXPECT_GT(topics[0].bytes_per_second, 0);

    auto const detail = topic_detail("robot/pose", broker.options()).value();
    ASSERT_EQ(detail.publishers.size(), 1U);
    EXPECT_EQ(detail.publishers[0].id, publisher.id());
    EXPECT_EQ(detail.publishers[0].sequence, 10U);
    EXPECT_EQ(detail.publishers[0].identity.name, "both");
    ASSERT_EQ(detail.subscribers.size(), 2U);
    auto const reader = std::ranges::find(detail.subscribers, ReaderKind::reliable, &SubscriberInfo::kind);
    ASSERT_NE(reader, detail.subscribers.end());
    EXPECT_EQ(reader->pattern, "robot/*");
    ASSERT_EQ(reader->progress.size(), 1U);
    EXPECT_TRUE(reader->progress[0].attached);
    EXPECT_EQ(reader->progress[0].sequence, 4U);
    EXPECT_EQ(reader->progress[0].behind, 6U);
    EXPECT_GT(reader->progress[0].behind_bytes, 0U);
    EXPECT_EQ(topic_detail("nobody/here", broker.options()).error(), Errc::not_found);
    EXPECT_EQ(topic_detail("a//b", broker.options()).error(), Errc::invalid);
}

TEST(Introspection, TellsAllTopicsOfAPatternAtOnce) {
    LocalBroker broker;
    auto bus = broker.connect("both").value();
    std::vector<Publisher<Pose>> publishers;
    for (auto const* const name : {"robot/pose", "robot/arm", "other"}) publishers.push_back(bus.publisher<Pose>(name).value());
    auto reader = bus.subscriber<Pose>("robot/arm").value();
    ASSERT_TRUE(publishers[1].wait_for_subscribers(1, patience()));
    publish(publishers[1], 3);

    auto const details = topic_details("robot/*", broker.options()).value();
    ASSERT_EQ(details.size(), 2U);
    EXPECT_EQ(details[0].topic.name, "robot/arm");
    EXPECT_EQ(details[1].topic.name, "robot/pose");
    ASSERT_EQ(details[0].publishers.size(), 1U);
    EXPECT_EQ(details[0].publishers[0].id, publishers[1].id());
    EXPECT_EQ(details[0].publishers[0].sequence, 3U);
    ASSERT_EQ(details[0].subscribers.size(), 1U);
    EXPECT_EQ(details[0].subscribers[0].progress.at(0).behind, 3U);
    EXPECT_TRUE(details[1].subscribers.empty());
    EXPECT_EQ(topic_details("**", broker.options()).value().size(), 3U);
    EXPECT_TRUE(topic_details("nobody/**", broker.options()).value().empty());
    EXPECT_EQ(topic_details("a//b", broker.options()).error(), Errc::invalid);
}

TEST(Introspection, CountsWhoCameLateAsBehindByWhatCameSince) {
    LocalBroker broker;
    auto bus = broker.connect("both").value();
    auto publisher = bus.publisher<Pose>("robot/pose").value();
    publish(publisher, 5);
    auto late = bus.subscriber<Pose>("robot/pose").value();
    ASSERT_TRUE(publisher.wait_for_subscribers(1, patience()));
    auto const behind = [&] { return topic_detail("robot/pose", broker.options()).value().subscribers.at(0).progress.at(0).behind; };
    EXPECT_EQ(behind(), 0U);
    publish(publisher, 2);
    EXPECT_EQ(behind(), 2U);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(late.receive_for(patience()));
    EXPECT_EQ(late.try_receive().error(), Errc::would_block);
    EXPECT_EQ(behind(), 0U);
}

TEST(Introspection, FindsTheTypeOfATopicAndOfAName) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    auto publisher = bus.publisher<Pose>("robot/pose").value();
    for (auto const* name : {"robot/pose", "bus.test.Pose"}) {
        auto const schema = bus.schema(name).value();
        EXPECT_EQ(schema.type(), "bus.test.Pose");
        Pose pose;
        pose.set_x(2);
        auto const bytes = pose.SerializeAsString();
        EXPECT_EQ(schema.json(std::as_bytes(std::span(bytes))).value(), R"({"x":2,"y":0,"frame":""})");
    }
    EXPECT_EQ(bus.schema("bus.test.Other").error(), Errc::not_found);
}

TEST(Introspection, NamesEveryKernelObjectThereIs) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    auto publisher = bus.publisher<Bytes>("a").value();
    auto const objects = kernel_objects(broker.options()).value();
    EXPECT_EQ(ids(objects), kernel_ids());
    auto const client = bus.clients().value().at(0).id;
    auto const owned = [&](std::string const& use) {
        auto const found = std::ranges::find(objects, use, &KernelObject::use);
        return found != objects.end() && found->client == client && found->exists;
    };
    EXPECT_TRUE(owned("cursors"));
    EXPECT_TRUE(owned("arena"));
    EXPECT_TRUE(owned("bell"));
}

TEST(Introspection, WorksWithADeadBroker) {
    LocalBroker broker;
    auto bus = broker.connect("alone").value();
    auto publisher = bus.publisher<Bytes>("a").value();
    auto const pid = broker.pid();
    broker.kill();
    auto const info = bus_info(broker.options()).value();
    EXPECT_FALSE(info.broker.alive);
    EXPECT_EQ(info.broker.pid, pid);
    EXPECT_EQ(info.broker.version, version());
    EXPECT_EQ(info.clients, 1U);
    EXPECT_EQ(info.publishers, 1U);
    EXPECT_EQ(list_topics("**", broker.options()).value().size(), 1U);
    EXPECT_EQ(list_clients(broker.options()).value().at(0).identity.name, "alone");
    EXPECT_EQ(ids(kernel_objects(broker.options()).value()), kernel_ids());
}

TEST(FoundBuses, TellServingFromDeadAndNameWhoHoldsOn) {
    LocalBroker broker;
    auto const one = [&] {
        auto const found = find_buses(broker.options()).value();
        EXPECT_EQ(found.size(), 1U);
        return found.at(0);
    };
    EXPECT_EQ(one().state, FoundBus::State::serving);
    EXPECT_EQ(one().broker_pid, broker.pid());
    EXPECT_EQ(remove_left_overs(one()).error(), Errc::conflict);
    auto bus = std::make_optional(broker.connect("held").value());
    broker.kill();
    EXPECT_EQ(one().state, FoundBus::State::dead);
    ASSERT_EQ(one().holders.size(), 1U);
    EXPECT_EQ(one().holders[0].name, "held");
    auto const refused = remove_left_overs(one()).error();
    EXPECT_EQ(refused, Errc::conflict);
    EXPECT_NE(refused.what().find("held["), std::string::npos) << refused.what();
    EXPECT_FALSE(ipc_objects().empty());
    bus.reset();
    auto const lines = remove_left_overs(one()).value();
    EXPECT_FALSE(lines.empty());
    EXPECT_TRUE(ipc_objects().empty());
    EXPECT_EQ(one().state, FoundBus::State::empty);
}

}  // namespace bus::test
