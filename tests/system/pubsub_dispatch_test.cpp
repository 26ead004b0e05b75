// Callbacks, timers, descriptors: one loop for all that a connection waits for.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/child.hpp"
#include "support/on_bus.hpp"
#include "sys/clock.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

bool is_readable(int fd) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
}
bool becomes_readable(int fd) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, static_cast<int>(patience().count())) == 1;
}

class Dispatch : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
    bus::Connection other = broker.connect("other").value();
};

TEST_F(Dispatch, RunsCallbacksAndNothingElse) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = other.publisher<Number>("t").value();
    std::vector<std::uint64_t> seen;
    auto owned = std::make_unique<int>(3);
    subscriber
        .on_sample(
            [&, n = std::move(owned)](bus::Sample<Number> const& s) { seen.push_back(s.message().value() + static_cast<unsigned>(*n)); })
        .value();
    EXPECT_EQ(bus.dispatch().value(), 0u);
    for (std::uint64_t i = 0; i < 10; ++i) (void)publisher.publish(number(i)).value();
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(bus.dispatch(3).value(), 3u);
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{3, 4, 5}));
    EXPECT_EQ(bus.dispatch().value(), 7u);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::invalid);
    EXPECT_EQ(subscriber.receive_for(1s).error(), bus::Errc::invalid);
    subscriber.on_sample(nullptr).value();
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
}

TEST_F(Dispatch, LetsACallbackDestroyItsOwnSubscriber) {
    auto subscriber = std::make_unique<bus::Subscriber<Number>>(bus.subscriber<Number>("t").value());
    auto publisher = other.publisher<Number>("t").value();
    int calls = 0;
    subscriber
        ->on_sample([&, guard = std::make_shared<int>(7)](bus::Sample<Number> s) {
            ++calls;
            subscriber.reset();
            EXPECT_EQ(*guard, 7) << "the callback is still whole";
            EXPECT_EQ(s.message().value(), 1u);
        })
        .value();
    (void)publisher.publish(number(1)).value();
    (void)publisher.publish(number(2)).value();
    EXPECT_EQ(bus.dispatch().value(), 1u);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(bus.dispatch().value(), 0u);
}

TEST_F(Dispatch, LetsExceptionsThroughAndGoesOn) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = other.publisher<Number>("t").value();
    std::vector<std::uint64_t> seen;
    subscriber
        .on_sample([&](bus::Sample<Number> const& s) {
            if (s.message().value() == 1) throw std::runtime_error("one");
            seen.push_back(s.message().value());
        })
        .value();
    for (std::uint64_t i = 0; i < 3; ++i) (void)publisher.publish(number(i)).value();
    EXPECT_THROW((void)bus.dispatch(), std::runtime_error);
    EXPECT_EQ(bus.dispatch().value(), 1u);
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 2}));
}

TEST_F(Dispatch, RefusesToRunInsideItself) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = other.publisher<Number>("t").value();
    int calls = 0;
    subscriber
        .on_sample([&](bus::Sample<Number> const&) {
            ++calls;
            EXPECT_EQ(bus.dispatch().error(), bus::Errc::invalid);
        })
        .value();
    (void)publisher.publish(number(1)).value();
    EXPECT_EQ(bus.dispatch().value(), 1u);
    EXPECT_EQ(calls, 1);
}

TEST_F(Dispatch, RunsTimers) {
    int ticks = 0;
    int once = 0;
    auto start = std::chrono::steady_clock::now();
    auto tick = bus.every(2ms,
                          [&] {
                              if (++ticks == 5) bus.stop();
                          })
                    .value();
    auto single = bus.after(1ms, [&] { ++once; }).value();
    EXPECT_TRUE(bus.run());
    EXPECT_EQ(ticks, 5);
    EXPECT_EQ(once, 1);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms);
    EXPECT_EQ(bus.every(0s, [] {}).error(), bus::Errc::invalid);
}

TEST_F(Dispatch, EndsATimerInItsOwnCallback) {
    std::optional<bus::Timer> timer;
    int calls = 0;
    timer.emplace(bus.every(1ms,
                            [&] {
                                ++calls;
                                timer.reset();
                            })
                      .value());
    auto stop = bus.after(20ms, [&] { bus.stop(); }).value();
    EXPECT_TRUE(bus.run());
    EXPECT_EQ(calls, 1);
}

TEST_F(Dispatch, WakesARunningLoopForWhatIsAddedElsewhere) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = other.publisher<Number>("t").value();
    std::jthread const loop([&] { EXPECT_TRUE(bus.run()); });
    (void)publisher.publish(number(1)).value();
    std::atomic<int> calls = 0;
    subscriber.on_sample([&](bus::Sample<Number> const&) { ++calls; }).value();
    EXPECT_TRUE(eventually([&] { return calls == 1; }));
    auto timer = bus.after(1ms, [&] { ++calls; }).value();
    EXPECT_TRUE(eventually([&] { return calls == 2; }));
    (void)publisher.publish(number(2)).value();
    EXPECT_TRUE(eventually([&] { return calls == 3; }));
    bus.stop();
}

TEST_F(Dispatch, IsStoppedByASignalHandler) {
    static bus::Connection* stop_me = nullptr;
    stop_me = &bus;
    struct sigaction action {};
    action.sa_handler = [](int) { stop_me->stop(); };
    struct sigaction old {};
    ::sigaction(SIGUSR2, &action, &old);
    auto const runner = ::pthread_self();
    std::jthread const killer([&] { ::pthread_kill(runner, SIGUSR2); });
    EXPECT_TRUE(bus.run());
    ::sigaction(SIGUSR2, &old, nullptr);
}

TEST_F(Dispatch, GivesASubscriberADescriptorThatIsReadableWhileThereIsSomething) {
    auto subscriber = bus.subscriber<Number>("t").value();
    int const fd = subscriber.fd();
    ASSERT_GE(fd, 0);
    EXPECT_EQ(subscriber.fd(), fd);
    auto publisher = other.publisher<Number>("t").value();
    EXPECT_TRUE(eventually([&] { return !subscriber.try_receive() && !is_readable(fd); }));
    for (int round = 0; round < 50; ++round) {
        (void)publisher.publish(number(1)).value();
        (void)publisher.publish(number(2)).value();
        ASSERT_TRUE(becomes_readable(fd));
        ASSERT_EQ(subscriber.try_receive().value().message().value(), 1u);
        ASSERT_TRUE(is_readable(fd)) << "one is left";
        ASSERT_EQ(subscriber.try_receive().value().message().value(), 2u);
        ASSERT_TRUE(eventually([&] { return !subscriber.try_receive() && !is_readable(fd); }));
    }
}

TEST_F(Dispatch, SharesOneFifoAmongDescriptors) {
    auto first = bus.subscriber<Number>("first").value();
    auto second = bus.subscriber<Number>("second").value();
    auto called = bus.subscriber<Number>("called").value();
    int calls = 0;
    called.on_sample([&](bus::Sample<Number> const&) { ++calls; }).value();
    auto to_first = other.publisher<Number>("first").value();
    auto to_second = other.publisher<Number>("second").value();
    auto to_called = other.publisher<Number>("called").value();
    auto const quiet = [&] {
        return !first.try_receive() && !second.try_receive() && bus.dispatch().value() == 0 && !is_readable(first.fd()) &&
               !is_readable(second.fd()) && !is_readable(bus.fd());
    };
    ASSERT_TRUE(eventually(quiet));
    for (std::uint64_t round = 1; round <= 50; ++round) {
        (void)to_first.publish(number(round)).value();
        (void)to_second.publish(number(round)).value();
        (void)to_called.publish(number(round)).value();
        ASSERT_TRUE(becomes_readable(second.fd()));
        ASSERT_EQ(second.try_receive().value().message().value(), round);
        ASSERT_EQ(second.try_receive().error(), bus::Errc::would_block);  // drains the FIFO for all
        ASSERT_TRUE(becomes_readable(bus.fd()));
        ASSERT_EQ(bus.dispatch().value(), 1u);
        ASSERT_EQ(bus.dispatch().value(), 0u);
        ASSERT_TRUE(becomes_readable(first.fd()));
        ASSERT_EQ(first.try_receive().value().message().value(), round);
        ASSERT_TRUE(eventually(quiet));
    }
    EXPECT_EQ(calls, 50);
}

TEST_F(Dispatch, MakesTheDescriptorReadableWhenATimerIsDue) {
    int ticks = 0;
    auto timer = bus.after(1ms, [&] { ++ticks; }).value();
    int const fd = bus.fd();
    while (ticks == 0) {
        ASSERT_TRUE(becomes_readable(fd));
        (void)bus.dispatch().value();
    }
    EXPECT_TRUE(eventually([&] { return bus.dispatch().value() == 0 && !is_readable(fd); }));
}

TEST_F(Dispatch, WaitsForAllSubscribersAtOnce) {
    auto first = bus.subscriber<Number>("first", {.spin = 0s}).value();
    auto second = bus.subscriber<Number>("second", {.spin = 0s}).value();
    auto publisher = other.publisher<Number>("second").value();
    for (std::uint64_t i = 0; i < 50; ++i) {
        std::jthread const later([&] { (void)publisher.publish(number(i)).value(); });
        ASSERT_TRUE(bus.wait_for(patience()));
        ASSERT_EQ(second.try_receive().value().message().value(), i);
    }
    EXPECT_EQ(bus.wait_for(1ms).error(), bus::Errc::timeout);
}

TEST_F(Dispatch, SurvivesHandlesDestroyedInAnyOrder) {
    std::optional<bus::Connection> connection = broker.connect("brief").value();
    std::optional<bus::Subscriber<Number>> subscriber = connection->subscriber<Number>("t").value();
    std::optional<bus::Publisher<Number>> publisher = connection->publisher<Number>("t").value();
    std::optional<bus::Timer> timer = connection->after(1h, [] {}).value();
    connection.reset();
    (void)publisher->publish(number(1)).value();
    auto sample = subscriber->receive_for(patience()).value();
    publisher.reset();
    timer.reset();
    subscriber.reset();
    EXPECT_EQ(sample.message().value(), 1u);
}

TEST_F(Dispatch, TellsWhatHappens) {
    using Kind = bus::Event::Kind;
    std::vector<std::pair<Kind, std::string>> told;
    bus.on_event([&](bus::Event const& event) { told.emplace_back(event.kind, event.object); }).value();
    auto const is_told = [&](Kind kind, std::string const& object) {
        return eventually([&] {
            (void)bus.wait_for(1ms);
            (void)bus.dispatch().value();
            return std::ranges::find(told, std::pair(kind, object)) != told.end();
        });
    };
    auto subscriber = bus.subscriber<Number>("t").value();
    subscriber.on_sample([](bus::Sample<Number> const&) {}).value();
    {
        auto publisher = other.publisher<Number>("t", {.ring_bytes = 4096}).value();
        EXPECT_TRUE(is_told(Kind::publisher_came, "t"));
        for (std::uint64_t i = 0; i < 1000; ++i) (void)publisher.publish(number(i)).value();
        EXPECT_TRUE(is_told(Kind::lost, "t"));
    }
    EXPECT_TRUE(is_told(Kind::publisher_left, "t"));
    broker.kill();
    EXPECT_TRUE(is_told(Kind::broker_lost, broker.options().bus));
    broker.restart();
    EXPECT_TRUE(is_told(Kind::broker_back, broker.options().bus));
}

TEST_F(Dispatch, SleepsWhereEventsAreWantedAndNothingHappens) {
    bus.on_event([](bus::Event const&) {}).value();
    other.on_event([](bus::Event const&) {}).value();
    auto ours = bus.subscriber<Number>("t").value();  // each publishes what the other reads, and itself
    auto theirs = other.subscriber<Number>("t").value();
    auto const one = bus.publisher<Number>("t").value();
    auto const two = other.publisher<Number>("t").value();
    ours.on_sample([](bus::Sample<Number> const&) {}).value();
    theirs.on_sample([](bus::Sample<Number> const&) {}).value();
    auto const cpu_of = [&](bus::Connection& connection) {
        std::int64_t used_ns = 0;
        std::jthread([&] {
            auto const before = bus::sys::clock_ns(CLOCK_THREAD_CPUTIME_ID);
            auto const end = std::chrono::steady_clock::now() + 400ms;
            while (std::chrono::steady_clock::now() < end) {
                (void)connection.wait_for(end - std::chrono::steady_clock::now());
                (void)connection.dispatch();
            }
            used_ns = bus::sys::clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
        }).join();
        return std::chrono::nanoseconds(used_ns);
    };
    std::chrono::nanoseconds theirs_used{};
    std::jthread with_it([&] { theirs_used = cpu_of(other); });
    EXPECT_LT(cpu_of(bus), 200ms);
    with_it.join();
    EXPECT_LT(theirs_used, 200ms);
}

TEST_F(Dispatch, LetsACallbackDestroyTheConnection) {
    auto connection = std::make_unique<bus::Connection>(broker.connect("brief").value());
    auto subscriber = std::make_unique<bus::Subscriber<Number>>(connection->subscriber<Number>("t").value());
    auto publisher = other.publisher<Number>("t").value();
    subscriber
        ->on_sample([&](bus::Sample<Number> const&) {
            connection.reset();
            subscriber.reset();
        })
        .value();
    (void)publisher.publish(number(1)).value();
    EXPECT_EQ(connection->dispatch().value(), 1u);
    EXPECT_FALSE(connection);
}

}  // namespace
