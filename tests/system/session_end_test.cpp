// What every handle says once its session is over: evicted, or the bus was stopped. And what wakes those who sleep.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "client/attached_bus.hpp"
#include "client/runtime_folder.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

/// Each test runs twice: the end comes by eviction, and by the end of the bus. The second look of sleepers is off: a wake-up must come.
class SessionEnd : public testing::TestWithParam<bool> {
protected:
    SessionEnd() { ::setenv("BUS_NO_RECHECK", "1", 1); }
    ~SessionEnd() override { ::unsetenv("BUS_NO_RECHECK"); }

    void end() {
        if (GetParam()) {
            EXPECT_EQ(broker.stop(), std::vector<std::string>());
            return;
        }
        auto const clients = bus::list_clients(broker.options()).value();
        auto const target = std::ranges::find(clients, "ending", [](auto const& one) { return one.identity.name; });
        ASSERT_NE(target, clients.end());
        ASSERT_TRUE(broker.connect("operator").value().evict(target->id));
    }
    /// Runs `wait` in a thread, ends the session once it sleeps, and gives what it said.
    bus::Error ended_while(std::function<bus::Error()> wait) {
        bus::Error said;
        std::atomic<pid_t> thread{0};
        std::jthread waiting([&] {
            thread = ::gettid();
            said = wait();
        });
        EXPECT_TRUE(eventually([&] { return thread != 0 && sleeps(thread); }));
        end();
        waiting.join();
        return said;
    }
    static bool sleeps(pid_t thread) {
        std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
        std::string const text((std::istreambuf_iterator<char>(stat)), {});
        auto const at = text.rfind(')');
        return at != text.npos && at + 2 < text.size() && text[at + 2] == 'S';
    }

    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("ending").value();
};

/// Segment and offset of the first ring there is.
std::pair<int, std::uint64_t> place_of_a_ring(bus::testing::LocalBroker const& broker) {
    auto const options = bus::client::resolve(broker.options()).value();
    auto const attached = bus::client::attach_bus(options, bus::client::Wanted::any, bus::sys::steady_now()).value();
    std::pair<int, std::uint64_t> place{-1, 0};
    attached->directory().each<bus::shm::RingEntry>([&](std::uint32_t, auto const& ring) {
        place = {ring->segment.id, ring->offset};
        return false;
    });
    return place;
}

TEST_P(SessionEnd, IsToldToAPublisher) {
    auto publisher = bus.publisher<Number>("t").value();
    (void)publisher.publish(number(1)).value();
    end();
    EXPECT_TRUE(eventually([&] { return publisher.publish(number(2)).error() == bus::Errc::closed; }));
    auto const error = publisher.publish(number(3)).error();
    EXPECT_NE(error.what().find(GetParam() ? "stopped the bus" : "evicted"), std::string::npos) << error.what();
    EXPECT_EQ(publisher.loan(8).error(), bus::Errc::closed);
    EXPECT_EQ(publisher.wait_for_subscribers(1, patience()).error(), bus::Errc::closed);
}

TEST_P(SessionEnd, IsToldToASubscriberThatPolls) {
    auto subscriber = bus.subscriber<Number>("t").value();
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    end();
    EXPECT_TRUE(eventually([&] { return subscriber.try_receive().error() == bus::Errc::closed; }));
    EXPECT_EQ(subscriber.receive_for(patience()).error(), bus::Errc::closed);
    EXPECT_EQ(subscriber.wait_for_publishers(1, patience()).error(), bus::Errc::closed);
}

TEST_P(SessionEnd, WakesASubscriberThatSleeps) {
    auto subscriber = bus.subscriber<Number>("t", {.spin = 0s}).value();
    EXPECT_EQ(ended_while([&] { return subscriber.receive_for(patience()).error(); }), bus::Errc::closed);
}

TEST_P(SessionEnd, WakesWhoWaitsForPublishers) {
    auto subscriber = bus.subscriber<Number>("t").value();
    EXPECT_EQ(ended_while([&] { return subscriber.wait_for_publishers(1, patience()).error(); }), bus::Errc::closed);
}

TEST_P(SessionEnd, WakesWhoWaitsForSubscribers) {
    auto publisher = bus.publisher<Number>("t").value();
    EXPECT_EQ(ended_while([&] { return publisher.wait_for_subscribers(1, patience()).error(); }), bus::Errc::closed);
}

TEST_P(SessionEnd, WakesAPublisherThatWaitsForRoom) {
    auto other = broker.connect("other").value();
    auto const subscriber = other.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = patience()}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    EXPECT_EQ(ended_while([&] {
                  for (;;)
                      if (auto published = publisher.publish(number(1)); !published) return published.error();
              }),
              bus::Errc::closed);
}

TEST_P(SessionEnd, EndsRunAndWaitForWithoutAnySubscriber) {
    EXPECT_EQ(ended_while([&] { return bus.run().error(); }), bus::Errc::closed);
    EXPECT_EQ(bus.wait_for(patience()).error(), bus::Errc::closed);
    EXPECT_EQ(bus.dispatch().error(), bus::Errc::closed);
}

TEST_P(SessionEnd, MakesDescriptorsReadable) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto called = bus.subscriber<Number>("u").value();
    called.on_sample([](bus::Sample<Number> const&) {}).value();
    pollfd fds[2] = {{.fd = subscriber.fd(), .events = POLLIN, .revents = 0}, {.fd = bus.fd(), .events = POLLIN, .revents = 0}};
    auto const quiet = [&] {
        EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
        EXPECT_EQ(bus.dispatch().value(), 0u);
        return ::poll(fds, 2, 0) == 0;
    };
    ASSERT_TRUE(eventually(quiet));
    end();
    EXPECT_TRUE(eventually([&] { return ::poll(fds, 2, 0) == 2; }));
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::closed);
    EXPECT_EQ(bus.dispatch().error(), bus::Errc::closed);
}

INSTANTIATE_TEST_SUITE_P(By, SessionEnd, testing::Bool(),
                         [](testing::TestParamInfo<bool> const& info) { return info.param ? "TheEndOfTheBus" : "Eviction"; });

// Its ring goes with its last reader, and the memory of it to the next one, while it has both mapped.
TEST(Evicted, TakesNothingOfAnotherRingForItsOwn) {
    bus::testing::LocalBroker broker;
    auto evicted = broker.connect("ending").value(), there = broker.connect("there").value();
    auto subscriber = evicted.subscriber<Number>("t").value();
    auto publisher = std::make_optional(there.publisher<Number>("t", {.ring_bytes = 65536}).value());
    publisher->wait_for_subscribers(1, patience()).value();
    auto const place = place_of_a_ring(broker);
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(publisher->publish(number(i)));
    for (std::uint64_t i = 1; i <= 10; ++i) ASSERT_EQ(subscriber.try_receive().value().message().value(), i);
    for (auto const& client : there.clients().value())
        if (client.identity.name == "ending") there.evict(client.id).value();
    publisher.reset();
    ASSERT_TRUE(eventually([&] { return there.topics().value().empty(); }));
    auto other = there.publisher<Number>("u", {.ring_bytes = 65536}).value();
    ASSERT_EQ(place_of_a_ring(broker), place) << "else it shows nothing";
    for (std::uint64_t i = 1; i <= 200; ++i) ASSERT_TRUE(other.publish(number(1000 + i)));
    auto sample = subscriber.try_receive();
    for (; sample; sample = subscriber.try_receive()) ASSERT_LE(sample->message().value(), 100u);
    EXPECT_EQ(sample.error(), bus::Errc::closed) << sample.error().what();
    EXPECT_EQ(subscriber.lost(), 0u) << "of a topic that it never read";
}

TEST(MovedFrom, HandlesSayClosed) {
    bus::testing::LocalBroker const broker;
    auto bus = broker.connect("test").value();
    auto publisher = bus.publisher<Number>("t").value();
    auto subscriber = bus.subscriber<Number>("t").value();
    auto const kept = std::tuple(std::move(publisher), std::move(subscriber), std::move(bus));
    // NOLINTBEGIN(bugprone-use-after-move)
    EXPECT_EQ(publisher.publish(number(1)).error(), bus::Errc::closed);
    EXPECT_EQ(publisher.loan(1).error(), bus::Errc::closed);
    EXPECT_EQ(publisher.wait_for_subscribers(1, 0s).error(), bus::Errc::closed);
    EXPECT_EQ(publisher.subscribers(), 0u);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::closed);
    EXPECT_EQ(subscriber.receive_for(0s).error(), bus::Errc::closed);
    EXPECT_EQ(subscriber.on_sample(nullptr).error(), bus::Errc::closed);
    EXPECT_EQ(subscriber.fd(), -1);
    EXPECT_EQ(bus.publisher<Number>("t").error(), bus::Errc::closed);
    EXPECT_EQ(bus.subscriber<Number>("t").error(), bus::Errc::closed);
    EXPECT_EQ(bus.dispatch().error(), bus::Errc::closed);
    EXPECT_EQ(bus.run().error(), bus::Errc::closed);
    EXPECT_EQ(bus.wait_for(0s).error(), bus::Errc::closed);
    EXPECT_EQ(bus.after(1s, [] {}).error(), bus::Errc::closed);
    EXPECT_EQ(bus.on_event([](bus::Event const&) {}).error(), bus::Errc::closed);
    EXPECT_EQ(bus.topics().error(), bus::Errc::closed);
    EXPECT_EQ(bus.clients().error(), bus::Errc::closed);
    EXPECT_EQ(bus.schema("t").error(), bus::Errc::closed);
    EXPECT_EQ(bus.fd(), -1);
    EXPECT_FALSE(bus.broker_alive());
    bus.stop();
    // NOLINTEND(bugprone-use-after-move)
}

TEST(Callback, ThatThrewDoesNotKeepTheSessionUp) {
    bus::testing::LocalBroker const broker;
    {
        auto bus = broker.connect("thrower").value();
        auto subscriber = bus.subscriber<Number>("t").value();
        auto publisher = bus.publisher<Number>("t").value();
        subscriber.on_sample([](bus::Sample<Number> const&) { throw std::runtime_error("no"); }).value();
        (void)publisher.publish(number(1)).value();
        EXPECT_THROW((void)bus.dispatch(), std::runtime_error);
    }
    EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().empty(); }));
}

}  // namespace
