// Connections and a real busd: admission, ends of all kinds, brokers that die under requests.
#include <gtest/gtest.h>
#include <signal.h>

#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <thread>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"

namespace bus::test {

using namespace std::chrono_literals;
using testing::LocalBroker;

namespace {

std::size_t clients_of(LocalBroker const& broker) { return list_clients(broker.options()).value().size(); }

bool has_clients(LocalBroker const& broker, std::size_t wanted) {
    return eventually([&] { return clients_of(broker) == wanted; });
}

ConnectionOptions with_timeout(LocalBroker const& broker, Duration timeout) {
    auto options = broker.options("test");
    options.timeout = timeout;
    return options;
}

std::uint64_t publishers_of(Connection const& bus, std::string const& topic) {
    auto const topics = bus.topics(topic).value();
    return topics.empty() ? 0 : topics.front().publishers;
}

ConnectionOptions from(Role const& role) { return {.bus = role.args().at(0), .name = "role", .runtime_dir = role.args().at(1)}; }

std::vector<std::string> to_role(LocalBroker const& broker) { return {broker.options().bus, broker.options().runtime_dir}; }

}  // namespace

BUS_TEST_ROLE(client) {
    auto const bus = Connection::open(from(role)).value();
    role.say("open");
    role.hear();
    return 0;
}

TEST(Connection, TakesOnlyANameThatCanBeShown) {
    LocalBroker const broker;
    for (std::string const name : {"bad\xff", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "tab\t", "csi\xc2\x9b", "del\x7f"}) {
        auto const refused = broker.connect(name);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error(), Errc::invalid) << name;
    }
    EXPECT_EQ(broker.connect(std::string(64, 'x')).error(), Errc::invalid);
    for (std::string const name : {"plain", "gr\xc3\xbc\xc3\x9f", "\xe6\xbc\xa2", "\xf0\x9f\x9a\x8c"})
        EXPECT_TRUE(broker.connect(name)) << name;
}

TEST(Connection, OpenedAndClosedLeavesNothing) {
    LocalBroker broker;
    {
        auto const bus = broker.connect("one").value();
        auto const clients = bus.clients().value();
        ASSERT_EQ(clients.size(), 1U);
        EXPECT_EQ(clients[0].identity.name, "one");
        EXPECT_EQ(clients[0].identity.pid, ::getpid());
        EXPECT_EQ(clients[0].identity.uid, ::geteuid());
        EXPECT_TRUE(clients[0].alive);
        EXPECT_TRUE(bus.broker_alive());
    }
    EXPECT_TRUE(has_clients(broker, 0));
    EXPECT_EQ(broker.stop(), std::vector<std::string>{});
    EXPECT_TRUE(ipc_objects().empty());
}

TEST(Connection, IsKeptUpByTheHandlesItMade) {
    LocalBroker broker;
    {
        std::optional<Publisher<Bytes>> publisher;
        {
            auto bus = broker.connect().value();
            publisher.emplace(bus.publisher<Bytes>("a/b").value());
        }
        EXPECT_EQ(clients_of(broker), 1U);
        EXPECT_EQ(publisher->publish(std::string_view("still here")).value(), 1U);
    }
    EXPECT_TRUE(has_clients(broker, 0));
}

TEST(Connection, FiftyOfOneProcessAreFiftySessions) {
    LocalBroker broker;
    std::vector<Connection> all;
    for (int i = 0; i < 50; ++i) all.push_back(broker.connect("c" + std::to_string(i)).value());
    EXPECT_EQ(clients_of(broker), 50U);
    all.clear();
    EXPECT_TRUE(has_clients(broker, 0));
    EXPECT_TRUE(broker.stop().empty());
}

TEST(Connection, MayBeOpenedBySeveralThreadsAtOnce) {
    LocalBroker broker;
    std::atomic<int> opened = 0, failed = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 5; ++i) {
                    auto const bus = broker.connect();
                    ++(bus ? opened : failed);
                    if (!bus) ADD_FAILURE() << bus.error().what();
                }
            });
    }
    EXPECT_EQ(opened, 40);
    EXPECT_TRUE(has_clients(broker, 0));
}

TEST(Connection, OfAForkedChildSaysClosed) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    auto const status = run_forked([&] {
        if (bus.publisher<Bytes>("x").error() != Errc::closed) return 1;
        if (bus.subscriber<Bytes>("x").error() != Errc::closed) return 2;
        if (bus.topics().error() != Errc::closed || bus.clients().error() != Errc::closed) return 3;
        if (bus.broker_alive() || bus.dispatch().error() != Errc::closed) return 4;
        if (bus.clients().error().what().find("fork") == std::string::npos) return 5;
        return Connection::open(broker.options("child")) ? 0 : 6;
    });
    EXPECT_EQ(status, 0) << status;
    // The child's end did not end the parent's session.
    EXPECT_TRUE(has_clients(broker, 1));
    EXPECT_TRUE(bus.publisher<Bytes>("x"));
}

TEST(Connection, OfAKilledClientIsReaped) {
    LocalBroker broker;
    auto child = run_role("client", to_role(broker));
    ASSERT_TRUE(child.expect_line("open"));
    EXPECT_EQ(clients_of(broker), 1U);
    child.kill(SIGKILL);
    EXPECT_TRUE(has_clients(broker, 0));
    EXPECT_TRUE(broker.stop().empty());
}

TEST(Connection, OfAClientKilledWhileTheBrokerIsDeadIsReapedByTheNextOne) {
    LocalBroker broker;
    auto child = run_role("client", to_role(broker));
    ASSERT_TRUE(child.expect_line("open"));
    broker.kill();
    child.kill(SIGKILL);
    child.wait();
    EXPECT_FALSE(list_clients(broker.options()).value().at(0).alive);
    broker.restart();
    EXPECT_TRUE(has_clients(broker, 0));
}

TEST(Connection, GoesOnAfterTheBrokerWasKilledAndStartedAgain) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    auto const id = bus.clients().value().at(0).id;
    auto const generation = bus_info(broker.options()).value().broker.generation;
    broker.kill();
    EXPECT_FALSE(bus.broker_alive());
    EXPECT_EQ(bus.clients().value().at(0).id, id);
    broker.restart();
    EXPECT_TRUE(bus.broker_alive());
    EXPECT_EQ(bus.clients().value().at(0).id, id);
    EXPECT_GT(bus_info(broker.options()).value().broker.generation, generation);
    EXPECT_TRUE(bus.publisher<Bytes>("after"));
}

TEST(Connection, RequestsWaitForTheNextBrokerAndAreCarriedOutOnce) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    for (int round = 0; round < 5; ++round) {
        auto const topic = "round/" + std::to_string(round);
        broker.kill();
        Result<Publisher<Bytes>> publisher = Errc::failed;
        std::jthread asking([&] { publisher = bus.publisher<Bytes>(topic); });
        broker.restart();
        asking.join();
        ASSERT_TRUE(publisher) << publisher.error().what();
        EXPECT_EQ(publishers_of(bus, topic), 1U);
    }
}

TEST(Connection, RequestsGiveUpWithNoBrokerWhenNoneComesInTime) {
    LocalBroker broker;
    auto bus = Connection::open(with_timeout(broker, 200ms)).value();
    broker.kill();
    auto const error = bus.publisher<Bytes>("late").error();
    EXPECT_EQ(error, Errc::no_broker) << error.what();
    EXPECT_NE(error.hint().find("busd"), std::string::npos);
}

TEST(Connection, ARequestGivenUpLeavesNothingWhenItIsCarriedOutLater) {
    LocalBroker broker;
    auto bus = Connection::open(with_timeout(broker, 200ms)).value();
    broker.kill();
    EXPECT_EQ(bus.publisher<Bytes>("late").error(), Errc::no_broker);
    broker.restart();
    // The next request meets the late answer, and takes back what it made.
    EXPECT_TRUE(eventually([&] {
        auto const other = bus.publisher<Bytes>("other");
        return other && publishers_of(bus, "late") == 0;
    }));
}

TEST(Connection, WaitsForTheNextBrokerWhereOneHasDied) {
    LocalBroker broker;
    broker.kill();
    Result<Connection> bus = Errc::failed;
    std::jthread opening([&] { bus = Connection::open(with_timeout(broker, patience())); });
    broker.restart();
    opening.join();
    EXPECT_TRUE(bus) << bus.error().what();
}

TEST(Connection, GivesUpWithNoBrokerWhereOneHasDiedAndNoneComes) {
    LocalBroker broker;
    broker.kill();
    auto const error = Connection::open(with_timeout(broker, 100ms)).error();
    EXPECT_EQ(error, Errc::no_broker);
    EXPECT_NE(error.what().find("has died"), std::string::npos) << error.what();
    EXPECT_NE(error.what().find("100 ms"), std::string::npos) << error.what();
}

TEST(Connection, OfABusThatWasStoppedIsClosed) {
    LocalBroker broker;
    auto bus = broker.connect().value();
    EXPECT_TRUE(broker.stop().empty());
    EXPECT_FALSE(bus.broker_alive());
    auto const error = bus.publisher<Bytes>("x").error();
    EXPECT_EQ(error, Errc::closed) << error.what();
    EXPECT_EQ(bus.clients().error(), Errc::closed);
}

TEST(Connection, ThatWasEvictedSaysClosedAndHarmsNobody) {
    LocalBroker broker;
    auto operating = broker.connect("operator").value();
    {
        auto evicted = broker.connect("evicted").value();
        auto const publisher = evicted.publisher<Bytes>("x").value();
        auto const clients = evicted.clients().value();
        auto const target = std::ranges::find(clients, "evicted", [](auto const& one) { return one.identity.name; });
        ASSERT_NE(target, clients.end());
        ASSERT_TRUE(operating.evict(target->id));
        auto const error = evicted.publisher<Bytes>("y").error();
        EXPECT_EQ(error, Errc::closed);
        EXPECT_NE(error.what().find("evicted"), std::string::npos) << error.what();
        EXPECT_EQ(evicted.clients().error(), Errc::closed);
    }
    EXPECT_TRUE(has_clients(broker, 1));
    EXPECT_TRUE(operating.clients());
}

TEST(Connection, SendsLaterWhatABrokerThatStoodStillHadNoRoomFor) {
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("test").value();
    std::vector<bus::Publisher<bus::Bytes>> publishers;
    for (int i = 0; i < 1500; ++i) publishers.push_back(bus.publisher<bus::Bytes>("t/" + std::to_string(i), {.ring_bytes = 4096}).value());
    ASSERT_EQ(::kill(broker.pid(), SIGSTOP), 0);
    publishers.clear();  // more than its queue holds
    EXPECT_EQ(bus.topics().value().size(), 1500u);
    ASSERT_EQ(::kill(broker.pid(), SIGCONT), 0);
    EXPECT_TRUE(eventually([&] {
        (void)bus.wait_for(1ms);
        return bus.topics().value().empty();
    }));
}

TEST(Connection, OfAStoppedBrokerProcessTimesOut) {
    LocalBroker broker;
    auto bus = Connection::open(with_timeout(broker, 200ms)).value();
    ASSERT_EQ(::kill(broker.pid(), SIGSTOP), 0);
    auto const request = bus.publisher<Bytes>("x").error();
    auto const admission = Connection::open(with_timeout(broker, 200ms)).error();
    ASSERT_EQ(::kill(broker.pid(), SIGCONT), 0);
    EXPECT_EQ(request, Errc::timeout) << request.what();
    EXPECT_EQ(admission, Errc::timeout);
    EXPECT_NE(admission.what().find("no offer came"), std::string::npos) << admission.what();
}

TEST(Connection, OfAnotherUidIsRefusedUnlessARuleAllowsIt) {
    BUS_REQUIRE_ROOT();
    LocalBroker broker;
    auto const status = run_forked(
        [&] {
            auto const error = broker.connect("alice").error();
            return error == Errc::not_permitted && error.what().find(std::to_string(kAliceUid)) != std::string::npos ? 0 : 1;
        },
        {.uid = kAliceUid});
    EXPECT_EQ(status, 0) << status;
    EXPECT_TRUE(broker.stop().empty());
}

TEST(Connection, OfAnotherUidIsASessionOfThatUid) {
    BUS_REQUIRE_ROOT();
    LocalBroker broker({.config = "[[allow]]\nsubscribe = [\"**\"]\n"});
    auto const status = run_forked(
        [&] {
            auto const bus = Connection::open(broker.options("alice"));
            if (!bus) std::fprintf(stderr, "%s\n", bus.error().what().c_str());
            if (!bus) return 1;
            auto const clients = bus->clients().value();
            return clients.size() == 1 && clients[0].identity.uid == kAliceUid && clients[0].identity.name == "alice" ? 0 : 2;
        },
        {.uid = kAliceUid});
    EXPECT_EQ(status, 0) << status;
    EXPECT_TRUE(has_clients(broker, 0));
    EXPECT_TRUE(broker.stop().empty());
}

TEST(Connection, OfAPlainUidToABrokerOfItsOwn) {
    BUS_REQUIRE_ROOT();
    auto const status = run_forked(
        [] {
            LocalBroker broker;
            auto bus = broker.connect("plain");
            if (!bus) std::fprintf(stderr, "%s\n", bus.error().what().c_str());
            if (!bus || !bus->publisher<Bytes>("x")) return 1;
            bus = Errc::closed;
            return broker.stop().empty() ? 0 : 2;
        },
        {.uid = kBrokerUid});
    EXPECT_EQ(status, 0) << status;
}

}  // namespace bus::test
