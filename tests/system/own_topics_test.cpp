// What busd itself publishes on `$bus/events`: told as it happens, there only while somebody listens, waiting for nobody.
#include <bus/v1/events.pb.h>
#include <gtest/gtest.h>
#include <sys/shm.h>

#include <algorithm>
#include <bus/introspect.hpp>
#include <csignal>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;
using BusEvent = bus::v1::Event;

namespace {

constexpr char const* kEvents = "$bus/events";

// On the bus until it is killed, or told to leave.
BUS_TEST_ROLE(guest) {
    auto bus = connect(role, "guest");
    role.say("ready");
    role.hear();
    return 0;
}

// Listens; once told that all has happened, reads to the end and says what came and what was lost.
BUS_TEST_ROLE(listener) {
    auto bus = connect(role, "listener");
    auto events = bus.subscriber<BusEvent>(kEvents).value();
    role.say("ready");
    role.hear();
    std::uint64_t count = 0, first = 0, last = 0;
    while (auto const sample = events.try_receive()) {
        ++count;
        if (first == 0) first = sample->info().sequence - sample->info().lost_before;
        last = sample->info().sequence;
    }
    role.require(events.lost() > 0, "a ring that was overwritten lost nothing");
    role.require(count + events.lost() == last - first + 1, "what was lost is not counted exactly");
    role.say("counted");
    return 0;
}

// Another user: reads events that the rules do not speak of, and is refused what they don't allow.
BUS_TEST_ROLE(stranger_listens) {
    auto bus = connect(role, "bob");
    auto events = bus.subscriber<BusEvent>(kEvents, {.spin = 0s}).value();
    role.require(bus.publisher<Number>("secret").error() == bus::Errc::not_permitted, "may publish");
    auto const own = events.receive_for(patience()).value().message();
    role.require(own.kind() == BusEvent::refused && own.code() == "not_permitted" && own.topic() == "secret", own.ShortDebugString());
    role.say("ready");
    auto const other = events.receive_for(patience()).value().message();
    role.require(other.kind() == BusEvent::client_came && other.client().name() == "alice", other.ShortDebugString());
    role.say("heard");
    return 0;
}

std::vector<bus::TopicInfo> topics_of(bus::testing::LocalBroker const& broker, char const* pattern) {
    return bus::list_topics(pattern, broker.options()).value();
}

bool broker_lives(bus::testing::LocalBroker const& broker) { return bus::bus_info(broker.options()).value().broker.alive; }

class OwnTopics : public testing::Test {
protected:
    BusEvent next() {
        auto const sample = events.receive_for(patience());
        EXPECT_TRUE(sample) << sample.error().what();
        return sample ? sample->message() : BusEvent();
    }
    BusEvent next(BusEvent::Kind kind, std::string const& topic = {}) {
        auto const event = next();
        EXPECT_EQ(event.kind(), kind) << event.ShortDebugString();
        EXPECT_EQ(event.topic(), topic) << event.ShortDebugString();
        return event;
    }
    std::uint64_t id_of(std::string const& name) const {
        auto const clients = bus::list_clients(broker.options()).value();
        auto const found = std::ranges::find(clients, name, [](auto const& one) { return one.identity.name; });
        return found == clients.end() ? 0 : found->id;
    }

    bus::testing::LocalBroker broker;
    bus::Connection watcher = broker.connect("watcher").value();
    bus::Subscriber<BusEvent> events = watcher.subscriber<BusEvent>(kEvents).value();
};

TEST(OwnTopic, IsRefusedByNameWhereThereIsNoRoomAndBeginsWhenThereIs) {
    bus::testing::LocalBroker broker({.config = "[tables]\nrings = 2\n"});
    auto bus = broker.connect("watcher").value();
    auto first = std::make_optional(bus.publisher<Number>("a").value());
    auto second = bus.publisher<Number>("b").value();
    auto const refused = bus.subscriber<bus::Any>(kEvents);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), bus::Errc::limit) << refused.error().what();
    auto by_pattern = bus.subscriber<bus::Any>("$bus/*").value();
    EXPECT_EQ(by_pattern.try_receive().error(), bus::Errc::would_block);
    first.reset();  // now there is room
    auto const begun = by_pattern.receive_for(patience());
    ASSERT_TRUE(begun) << begun.error().what();
    EXPECT_TRUE(bus.subscriber<bus::Any>(kEvents));
}

TEST(OwnTopic, IsThereOnlyWhileSomebodyListens) {
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("watcher").value();
    auto const objects = [&] { return bus::kernel_objects(broker.options()).value().size(); };
    auto const before = objects();
    EXPECT_TRUE(topics_of(broker, "$bus/**").empty());
    {
        auto all = bus.subscriber<bus::Any>("**").value();
        EXPECT_TRUE(topics_of(broker, "$bus/**").empty()) << "it is not meant by **";
        auto events = bus.subscriber<bus::Any>("$bus/*", {.observe = true}).value();
        auto const there = topics_of(broker, "$bus/**");
        ASSERT_EQ(there.size(), 1u);
        EXPECT_EQ(there[0].name, kEvents);
        EXPECT_EQ(there[0].type, "bus.v1.Event");
        EXPECT_EQ(there[0].publishers, 1u);
        EXPECT_EQ(there[0].observers, 1u);
        EXPECT_TRUE(topics_of(broker, "**").empty());
        EXPECT_EQ(bus::topic_detail(kEvents, broker.options()).value().publishers.at(0).identity.name, "busd");
    }
    EXPECT_TRUE(eventually([&] { return topics_of(broker, "$bus/**").empty(); }));
    EXPECT_TRUE(eventually([&] { return objects() == before; }));
}

TEST(OwnTopic, DescribesItself) {
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("watcher").value();
    auto events = bus.subscriber<bus::Any>(kEvents).value();
    auto const other = broker.connect("other").value();
    auto const json = events.receive_for(patience()).value().message().json().value();
    EXPECT_NE(json.find(R"("kind":"client_came")"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("name":"other")"), std::string::npos) << json;
}

TEST(OwnTopic, BeginsWithTheBrokerForWhoAsksForIt) {
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("watcher").value();
    auto events = bus.subscriber<BusEvent>(kEvents, {.history = 1}).value();
    auto const first = events.receive_for(patience()).value();
    EXPECT_EQ(first.message().kind(), BusEvent::broker_started);
    EXPECT_EQ(first.info().sequence, 1u);
}

TEST(OwnTopic, HasItsType) {
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("watcher").value();
    EXPECT_EQ(bus.subscriber<Number>(kEvents).error(), bus::Errc::schema_mismatch);
    EXPECT_TRUE(topics_of(broker, "$bus/**").empty()) << "a refused subscription leaves nothing";
    EXPECT_EQ(bus.publisher<BusEvent>(kEvents).error(), bus::Errc::invalid);
}

TEST_F(OwnTopics, TellWhoComesAndWhoSaysGoodbye) {
    {
        auto const guest = broker.connect("guest").value();
        auto const came = next(BusEvent::client_came);
        EXPECT_EQ(came.client().name(), "guest");
        EXPECT_EQ(came.client().id(), id_of("guest"));
        EXPECT_EQ(came.client().pid(), ::getpid());
        EXPECT_EQ(came.client().uid(), ::geteuid());
        EXPECT_EQ(came.count(), 2u);
        EXPECT_GT(came.time().seconds(), 0);
    }
    auto const left = next(BusEvent::client_left);
    EXPECT_EQ(left.client().name(), "guest");
    EXPECT_EQ(left.how(), BusEvent::said_goodbye);
    EXPECT_EQ(left.count(), 1u);
}

TEST_F(OwnTopics, TellThatAKilledClientDied) {
    auto guest = run_role("guest", on(broker));
    ASSERT_TRUE(guest.expect_line("ready"));
    EXPECT_EQ(next(BusEvent::client_came).client().pid(), guest.pid());
    guest.kill(SIGKILL);
    guest.wait();
    auto const left = next(BusEvent::client_left);
    EXPECT_EQ(left.client().pid(), guest.pid());
    EXPECT_EQ(left.how(), BusEvent::died);
}

TEST_F(OwnTopics, TellOfTopicsPublishersAndSubscribersInTheirOrder) {
    {
        auto publisher = watcher.publisher<Number>("a/b").value();
        EXPECT_EQ(next(BusEvent::topic_made, "a/b").type(), "google.protobuf.UInt64Value");
        auto const came = next(BusEvent::publisher_came, "a/b");
        EXPECT_EQ(came.publisher(), publisher.id());
        EXPECT_EQ(came.client().name(), "watcher");
        EXPECT_EQ(came.count(), 1u);
        auto named = watcher.subscriber<Number>("a/b", {.reliable = true}).value();
        auto const reader = next(BusEvent::subscriber_came, "a/b");
        EXPECT_EQ(reader.reader(), BusEvent::reliable);
        EXPECT_EQ(reader.count(), 1u);
        auto pattern = watcher.subscriber<bus::Any>("a/**").value();
        EXPECT_FALSE(next(BusEvent::subscriber_came, "a/**").has_count());
    }
    EXPECT_EQ(next(BusEvent::subscriber_left, "a/**").client().name(), "watcher");
    EXPECT_EQ(next(BusEvent::subscriber_left, "a/b").count(), 0u);
    EXPECT_EQ(next(BusEvent::publisher_left, "a/b").count(), 0u);
    EXPECT_EQ(next(BusEvent::topic_gone, "a/b").how(), BusEvent::was_unused);
}

TEST_F(OwnTopics, TellThatATopicWasRemoved) {
    { (void)watcher.publisher<Number>("kept", {.retain = true}).value().publish(number(1)).value(); }
    (void)next(BusEvent::topic_made, "kept");
    (void)next(BusEvent::publisher_came, "kept");
    (void)next(BusEvent::publisher_left, "kept");
    ASSERT_TRUE(watcher.remove_topic("kept"));
    EXPECT_EQ(next(BusEvent::topic_gone, "kept").how(), BusEvent::was_removed);
}

TEST_F(OwnTopics, TellWhatWasRefusedWithTheDifference) {
    auto publisher = watcher.publisher<Number>("t").value();
    (void)next(BusEvent::topic_made, "t");
    (void)next(BusEvent::publisher_came, "t");
    auto const refusal = watcher.subscriber<Text>("t").error();
    auto const told = next(BusEvent::refused, "t");
    EXPECT_EQ(told.code(), "schema_mismatch");
    EXPECT_EQ(told.client().name(), "watcher");
    EXPECT_NE(told.text().find("google.protobuf.StringValue"), std::string::npos) << told.text();
    EXPECT_NE(told.text().find("google.protobuf.UInt64Value"), std::string::npos) << told.text();
}

TEST_F(OwnTopics, TellWhoWasEvicted) {
    auto guest = run_role("guest", on(broker));
    ASSERT_TRUE(guest.expect_line("ready"));
    (void)next(BusEvent::client_came);
    ASSERT_TRUE(watcher.evict(id_of("guest")));
    auto const evicted = next(BusEvent::evicted);
    EXPECT_EQ(evicted.client().name(), "guest");
    EXPECT_NE(evicted.text().find("watcher"), std::string::npos) << evicted.text();
    EXPECT_EQ(next(BusEvent::client_left).how(), BusEvent::was_evicted);
}

TEST_F(OwnTopics, AreReadReliablyByNobody) {
    auto const refusal = watcher.subscriber<BusEvent>(kEvents, {.reliable = true}).error();
    EXPECT_EQ(refusal, bus::Errc::invalid);
    EXPECT_NE(refusal.what().find("waits for nobody"), std::string::npos) << refusal.what();
    EXPECT_EQ(next(BusEvent::refused, kEvents).code(), "invalid");
}

TEST_F(OwnTopics, DoNotHoldTheBrokerUpWhereAReaderHasStopped) {
    auto listener = run_role("listener", on(broker));
    ASSERT_TRUE(listener.expect_line("ready"));
    listener.kill(SIGSTOP);
    for (int round = 0; round < 2000; ++round) (void)watcher.publisher<Number>("again").value();  // four events each: more than a ring
    listener.kill(SIGCONT);
    listener.send_line("all told");
    EXPECT_TRUE(listener.expect_line("counted"));
    EXPECT_EQ(listener.wait(), 0);
}

TEST_F(OwnTopics, GoOnWithTheNextBrokerWhenOneWasKilled) {
    auto guest = run_role("guest", on(broker));
    ASSERT_TRUE(guest.expect_line("ready"));
    broker.kill();
    guest.kill(SIGKILL);
    guest.wait();
    broker.restart();
    EXPECT_EQ(next(BusEvent::client_came).client().name(), "guest") << "what the dead one had told is read to the end";
    auto const taken = next(BusEvent::broker_took_over);
    EXPECT_EQ(taken.generation(), 2u);
    auto const left = next(BusEvent::client_left);
    EXPECT_EQ(left.client().pid(), guest.pid());
    EXPECT_EQ(left.how(), BusEvent::died);
    auto const other = broker.connect("other").value();
    EXPECT_EQ(next(BusEvent::client_came).client().name(), "other");
    EXPECT_TRUE(eventually([&] { return topics_of(broker, "$bus/**").at(0).publishers == 1; }))
        << "the dead one's ring goes when it was read";
}

TEST_F(OwnTopics, GoOnWithTheNextBrokerWhenOneHandsOver) {
    ASSERT_EQ(::kill(broker.pid(), SIGQUIT), 0);
    auto const ending = next(BusEvent::broker_ending);
    EXPECT_NE(ending.text().find("hands over"), std::string::npos) << ending.text();
    ASSERT_TRUE(eventually([&] { return !broker_lives(broker); }));
    broker.restart();
    EXPECT_EQ(next(BusEvent::broker_took_over).generation(), 2u);
}

TEST_F(OwnTopics, GoOnInAnotherRingWhereTheirMemoryWasRemoved) {
    auto const objects = bus::kernel_objects(broker.options()).value();
    auto const arena = std::ranges::find(objects, "arena", &bus::KernelObject::use);
    ASSERT_NE(arena, objects.end());
    ASSERT_EQ(::shmctl(arena->id, IPC_RMID, nullptr), 0);
    (void)next(BusEvent::broker_started);
    auto const other = broker.connect("other").value();
    EXPECT_EQ(next(BusEvent::client_came).client().name(), "other");
    auto late = watcher.subscriber<BusEvent>(kEvents, {.history = 1}).value();
    EXPECT_EQ(late.receive_for(patience()).value().message().client().name(), "other");
}

TEST_F(OwnTopics, TellTheEndOfTheBusAndLeaveNothing) {
    EXPECT_EQ(broker.stop(), std::vector<std::string>());
    (void)next(BusEvent::broker_ending);
    EXPECT_EQ(events.receive_for(patience()).error(), bus::Errc::closed);
}

TEST(OwnTopicOfManyUsers, IsReadByEverybodyWhoIsAdmitted) {
    BUS_REQUIRE_ROOT();
    bus::testing::LocalBroker broker{{.config = "[[allow]]\nsubscribe = [\"open/**\"]\n"}};
    auto bob = run_role("stranger_listens", on(broker), {.uid = kBobUid, .env = {"BUS_NO_RECHECK=1"}});
    ASSERT_TRUE(bob.expect_line("ready"));
    auto const alice = broker.connect("alice").value();
    EXPECT_TRUE(bob.expect_line("heard"));
    EXPECT_EQ(bob.wait(), 0);
}

}  // namespace
