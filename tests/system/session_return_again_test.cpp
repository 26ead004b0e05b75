// Sessions that come back, where more goes wrong than one removal: no busd, another removal, some of the objects, a refusal.
#include <gtest/gtest.h>
#include <poll.h>
#include <time.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "removed_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

using Clock = std::chrono::steady_clock;

class ReturnAgain : public Return {
protected:
    /// Leaves the clients told that their bus has gone, and no busd that would give them another one.
    void remove_and_leave_without_busd() {
        broker.kill();
        ASSERT_GT(remove(), 5);
        broker.restart();
        broker.kill();
    }
    std::chrono::nanoseconds client_timeout() const { return broker.options().timeout; }
};

std::chrono::nanoseconds cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

TEST_F(ReturnAgain, ComesToOtherQueuesWhereAllQueuesWereRemoved) {
    auto client = broker.connect("client").value();
    auto publisher = client.publisher<Number>("t").value();
    for (auto const* const use : {"rendezvous", "requests", "lobby"}) ASSERT_EQ(remove(use), 1) << use;
    auto const another = client.publisher<Number>("u");
    EXPECT_TRUE(another) << another.error().what();
    auto const newcomer = broker.connect("newcomer");
    EXPECT_TRUE(newcomer) << newcomer.error().what();
    EXPECT_TRUE(publisher.publish(number(1)));
}

TEST_F(ReturnAgain, HappensWhereOnlySomeObjectsWereRemovedWhileNoBusdLived) {
    for (auto const* const use : {"rendezvous", "alive"}) {
        auto there = broker.connect("there").value(), here = broker.connect("here").value();
        auto publisher = there.publisher<Number>("t").value();
        auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
        publisher.wait_for_subscribers(1, patience()).value();
        auto const id = publisher.id();
        broker.kill();
        ASSERT_EQ(remove(use), 1);
        broker.restart();
        std::uint64_t sent = 0;
        EXPECT_TRUE(eventually(
            [&] {
                EXPECT_TRUE(publisher.publish(number(++sent)));
                return publisher.id() != id;
            },
            5s))
            << use;
        for (std::uint64_t received = 0; received < sent;) {
            auto const sample = subscriber.receive_for(patience());
            ASSERT_TRUE(sample) << sample.error().what();
            ASSERT_EQ(sample->message().value(), ++received);
        }
    }
}

TEST_F(ReturnAgain, IsHeardOfByAPublisherThatDoesNothingButPublish) {
    auto here = broker.connect("here").value(), there = broker.connect("there").value();
    auto publisher = here.publisher<Number>("t", {.ring_bytes = 4096}).value();
    auto idle = here.subscriber<Number>("nothing").value();
    std::vector<bus::Publisher<Number>> others;  // whom it takes a while to tell, one after the other
    for (int i = 0; i < 300; ++i) others.push_back(there.publisher<Number>("o/" + std::to_string(i), {.ring_bytes = 4096}).value());
    EXPECT_EQ(idle.try_receive().error(), bus::Errc::would_block);  // looks at the directory: for the publisher there is nothing new in it
    auto const id = publisher.id();
    std::atomic<bool> stop = false;
    std::jthread const flooding([&] {
        while (!stop) EXPECT_TRUE(publisher.publish(number(1)));
    });
    broker.kill();
    ASSERT_GT(remove(), 5);
    broker.restart();
    EXPECT_TRUE(eventually([&] { return publisher.id() != id; }));
    stop = true;
}

// To look for room it reads its members anew, and so the word that the bus has ended, at any time: often, where a message is a quarter of
// the ring.
TEST_F(ReturnAgain, IsHeardOfByAPublisherThatLooksForRoomJustThen) {
    auto here = broker.connect("here").value();
    auto publisher = here.publisher<bus::Bytes>("t", {.ring_bytes = 4096}).value();
    std::vector<std::byte> const message(publisher.max_message_bytes());
    std::jthread const flooding([&](std::stop_token const& stop) {
        while (!stop.stop_requested()) EXPECT_TRUE(publisher.publish_bytes(message));
    });
    for (int round = 0; round < 20; ++round) {
        auto const id = publisher.id();
        broker.kill();
        ASSERT_GT(remove(), 5);
        broker.restart();
        ASSERT_TRUE(eventually([&] { return publisher.id() != id; })) << "in round " << round;
    }
}

TEST_F(ReturnAgain, OfTheNextHandleWaitsForNobodyWhereTheNextBusWasRemovedTooAndNoBusdLives) {
    auto here = broker.connect("here").value();
    auto first = here.publisher<Number>("t").value();
    auto dropping = here.publisher<Number>("u", {.when_full = bus::WhenFull::drop}).value();
    auto subscriber = here.subscriber<Number>("t").value();
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    EXPECT_TRUE(eventually([&] { return first.publish(number(1)) && bus::list_clients(broker.options()).value().size() == 1; }));
    broker.kill();
    ASSERT_GT(remove(), 5);
    std::atomic<bool> looked = false, published = false;
    std::jthread looking([&] {
        auto const sample = subscriber.try_receive();
        EXPECT_EQ(sample.error(), bus::Errc::would_block) << sample.error().what();
        looked = true;
    });
    std::jthread publishing([&] {
        auto const sent = dropping.publish(number(1));
        EXPECT_EQ(sent.error(), bus::Errc::no_broker) << sent.error().what();
        published = true;
    });
    EXPECT_TRUE(eventually([&] { return looked.load(); }, 2s));
    EXPECT_TRUE(eventually([&] { return published.load(); }, 2s));
    broker.restart();
    looking.join();
    publishing.join();
    EXPECT_TRUE(dropping.publish(number(1)));
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
}

TEST_F(ReturnAgain, KeepsNoProgramBusyThatPollsWhileNoBusdServes) {
    auto here = broker.connect("here").value();
    std::uint64_t ticks = 0;
    auto const timer = here.every(50ms, [&] { ++ticks; }).value();
    auto publisher = here.publisher<Number>("t").value();
    pollfd look{.fd = here.fd(), .events = POLLIN, .revents = 0};
    remove_and_leave_without_busd();
    std::uint64_t dispatches = 0;
    for (auto const end = Clock::now() + 1s; Clock::now() < end; ++dispatches) {
        ASSERT_GE(::poll(&look, 1, 1000), 0);
        auto const dispatched = here.dispatch();
        ASSERT_TRUE(dispatched) << dispatched.error().what();
    }
    EXPECT_LT(dispatches, 200u);
    EXPECT_GE(ticks, 10u);
    broker.restart();
    EXPECT_TRUE(eventually([&] {
        EXPECT_GE(::poll(&look, 1, 100), 0);
        EXPECT_TRUE(here.dispatch());
        return bus::list_clients(broker.options()).value().size() == 1;
    }));
    for (int i = 0; i < 3 && ::poll(&look, 1, 0) == 1; ++i) EXPECT_TRUE(here.dispatch());
}

TEST_F(ReturnAgain, CanBeGivenUpWhileItWaitsForABusd) {
    auto here = broker.connect("here").value();
    auto subscriber = here.subscriber<Number>("t").value();
    auto publisher = here.publisher<Number>("u").value();
    remove_and_leave_without_busd();
    std::stop_source stop;
    std::atomic<int> begun = 0, given_up = 0;
    std::vector<std::jthread> waiting;
    auto const wait = [&](auto&& call) {
        waiting.emplace_back([&, call] {
            ++begun;
            auto const error = call();
            EXPECT_EQ(error, bus::Errc::cancelled) << error.what();
            ++given_up;
        });
    };
    wait([&] { return subscriber.receive(stop.get_token()).error(); });
    wait([&] { return publisher.wait_for_subscribers(1, 60s, stop.get_token()).error(); });
    wait([&] { return here.wait_for(60s, stop.get_token()).error(); });
    EXPECT_TRUE(eventually([&] { return begun == 3; }));
    stop.request_stop();
    EXPECT_TRUE(eventually([&] { return given_up == 3; }, 5s)) << given_up;
    broker.restart();
    here.stop();
}

TEST_F(ReturnAgain, ThatIsRefusedKeepsNobodyBusyAndIsTold) {
    auto here = broker.connect("here").value();
    auto subscriber = here.subscriber<Number>("t").value();
    subscriber.on_sample([](auto const&) {}).value();
    std::atomic<int> refused = 0;
    here.on_event([&](bus::Event const& event) { refused += event.kind == bus::Event::Kind::refused; }).value();
    broker.kill();
    ASSERT_GT(remove(), 5);
    broker.restart();
    auto there = broker.connect("there").value();
    auto other = there.publisher<Text>("t").value();  // another type has the name by now
    std::jthread const running([&](std::stop_token stop) { (void)here.run(stop); });
    EXPECT_TRUE(eventually([&] { return refused > 0; }, 5s));
    auto const before = cpu_time();
    EXPECT_FALSE(eventually([] { return false; }, 1s));
    EXPECT_LT(cpu_time() - before, 200ms);
}

TEST_F(ReturnAgain, OfManyAtOnceRefusesNobody) {
    constexpr int kMany = 96;
    std::vector<bus::Connection> connections;
    std::vector<bus::Publisher<Number>> publishers;
    for (int i = 0; i < kMany; ++i) {
        connections.push_back(broker.connect("c").value());
        publishers.push_back(connections.back().publisher<Number>("t/" + std::to_string(i), {.ring_bytes = 4096}).value());
    }
    std::atomic<int> back = 0;
    std::vector<std::jthread> threads;
    for (auto& publisher : publishers)
        threads.emplace_back([&, id = publisher.id()] {
            EXPECT_TRUE(eventually([&] {
                auto const published = publisher.publish(number(1));
                EXPECT_TRUE(published) << published.error().what();
                return publisher.id() != id;
            }));
            ++back;
        });
    ASSERT_GT(remove(), 5);
    EXPECT_TRUE(eventually([&] { return back == kMany; }));
}

TEST_F(ReturnAgain, IsNotForTheEvictedWhoLearnOfItBehindTheEndOfTheBus) {
    auto operating = broker.connect("operator").value(), victim = broker.connect("victim").value();
    auto publisher = victim.publisher<Number>("t").value();
    for (auto const& client : operating.clients().value())
        if (client.identity.name == "victim") operating.evict(client.id).value();
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    EXPECT_EQ(publisher.publish(number(1)).error(), bus::Errc::closed);
}

TEST_F(ReturnAgain, LosesNothingOfAPublisherThatTheSubscriberHadNotSeenYet) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = there.publisher<Number>("t").value();
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    for (std::uint64_t i = 101; i <= 110; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    std::uint64_t received = 0;
    while (received + subscriber.lost() < 110) {
        auto const sample = subscriber.receive_for(2s);
        ASSERT_TRUE(sample) << sample.error().what() << " after " << received << ", lost " << subscriber.lost();
        ++received;
    }
    EXPECT_EQ(received, 110u);
}

TEST_F(ReturnAgain, LosesNothingSilentlyOfAPublisherThatLeft) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    auto own = here.publisher<Number>("own").value();
    {
        auto publisher = there.publisher<Number>("t").value();
        publisher.wait_for_subscribers(1, patience()).value();
        (void)subscriber.try_receive();
        for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    }
    auto const id = own.id();
    ASSERT_EQ(remove("cursors"), 2);
    EXPECT_TRUE(eventually([&] { return own.publish(number(1)) && own.id() != id; }));
    std::uint64_t received = 0;
    EXPECT_TRUE(eventually(
        [&] {
            while (subscriber.try_receive()) ++received;
            return received + subscriber.lost() == 100;
        },
        5s))
        << received << " received, " << subscriber.lost() << " lost";
}

TEST_F(ReturnAgain, LeavesNoSessionBehindWhoseTokensHadGone) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.ring_bytes = 4096, .when_full = bus::WhenFull::refuse}).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto const tokens = [&] {
        for (auto const& object : bus::kernel_objects(broker.options()).value())
            if (object.use == "tokens" && object.exists) return object.id;
        return std::int32_t{-1};
    };
    ASSERT_EQ(remove("tokens"), 1);
    ASSERT_TRUE(eventually([&] { return tokens() >= 0; }));
    ASSERT_EQ(remove("requests"), 1);
    ASSERT_TRUE(here.publisher<Number>("u"));  // goes over to another session; the subscriber with its next call
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    std::uint64_t sent = 0, received = 0;
    EXPECT_TRUE(eventually([&] {
        if (publisher.publish(number(sent + 1))) ++sent;
        while (auto const sample = subscriber.try_receive()) EXPECT_EQ(sample->message().value(), ++received);
        return sent == 200;
    })) << sent
        << " sent";
    EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().size() == 2; }));
}

TEST_F(ReturnAgain, WakesWhoPollsTheDescriptorForAMessageThatCameIntoTheOldRing) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<bus::Bytes>("t").value();
    auto subscriber = here.subscriber<bus::Bytes>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto loan = publisher.loan(1).value();
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    pollfd look{.fd = subscriber.fd(), .events = POLLIN, .revents = 0};
    EXPECT_TRUE(eventually([&] { return subscriber.try_receive().error() == bus::Errc::would_block && subscriber.publishers() == 0; }));
    EXPECT_TRUE(loan.publish(1));
    EXPECT_TRUE(eventually([&] { return ::poll(&look, 1, 100) == 1 && subscriber.try_receive(); }, 5s));
}

TEST_F(ReturnAgain, MakesNobodyWaitWhoOnlyTriesWhereBusdStandsStill) {
    auto client = broker.connect("client").value();
    auto publisher = client.publisher<Number>("t", {.when_full = bus::WhenFull::drop}).value();
    auto subscriber = client.subscriber<Number>("t").value();
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    ASSERT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().empty(); }));
    ::kill(broker.pid(), SIGSTOP);
    auto const begun = Clock::now();
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_FALSE(publisher.publish(number(1)));
    EXPECT_LT(Clock::now() - begun, client_timeout() / 2) << "it waited for busd";
    ::kill(broker.pid(), SIGCONT);
    EXPECT_TRUE(eventually([&] {
        (void)publisher.publish(number(2));
        return subscriber.try_receive().has_value();
    }));
}
