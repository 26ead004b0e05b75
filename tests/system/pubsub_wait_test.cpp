// Waiting: until when, what ends it, what must not.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "support/child.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class Waiting : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();

    /// Publishes once somebody sleeps on this connection: the last of them is about to, or does.
    static bus::Duration cpu_time() {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        auto const of = [](timeval const& t) { return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec); };
        return of(usage.ru_utime) + of(usage.ru_stime);
    }
};

TEST_F(Waiting, EndsAtTheDeadlineAndNotBefore) {
    auto subscriber = bus.subscriber<Number>("t").value();
    for (auto const timeout : {0ms, 1ms, 30ms}) {
        auto const before = std::chrono::steady_clock::now();
        EXPECT_EQ(subscriber.receive_for(timeout).error(), bus::Errc::timeout);
        EXPECT_GE(std::chrono::steady_clock::now() - before, timeout);
    }
    EXPECT_EQ(subscriber.receive_for(-5s).error(), bus::Errc::timeout);
    EXPECT_EQ(subscriber.receive_until(std::chrono::steady_clock::now() - 1s).error(), bus::Errc::timeout);
    EXPECT_EQ(subscriber.receive_many(5, 1ms).error(), bus::Errc::timeout);
    EXPECT_EQ(subscriber.receive_many(0, 1ms).error(), bus::Errc::invalid);
    EXPECT_EQ(bus.wait_for(1ms).error(), bus::Errc::timeout);
    auto publisher = bus.publisher<Number>("u").value();
    EXPECT_EQ(publisher.wait_for_subscribers(1, 1ms).error(), bus::Errc::timeout);
    EXPECT_EQ(subscriber.wait_for_publishers(1, 1ms).error(), bus::Errc::timeout);
    EXPECT_EQ(bus::Error(bus::Errc::timeout).what(), subscriber.receive_for(0ms).error().what()) << "a bare code";
}

BUS_TEST_ROLE(publish_when_told) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("t").value();
    role.say("ready");
    for (std::uint64_t i = 0; role.hear(); ++i) (void)publisher.publish(number(i)).value();
    return 0;
}

TEST_F(Waiting, IsEndedByAMessageOfAnotherProcess) {
    auto subscriber = bus.subscriber<Number>("t", {.spin = 0s}).value();
    auto child = run_role("publish_when_told", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    for (std::uint64_t i = 0; i < 200; ++i) {
        std::jthread const trigger([&] { child.send_line("go"); });
        ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    }
}

TEST_F(Waiting, IsEndedByAPublisherThatComesWhileWeSleep) {
    auto subscriber = bus.subscriber<Number>("t/**", {.spin = 0s}).value();
    for (int i = 0; i < 20; ++i) {
        std::jthread const late([&] {
            auto publisher = bus.publisher<Number>("t/" + std::to_string(i)).value();
            (void)publisher.publish(number(9)).value();
        });
        ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), 9u);
    }
}

TEST_F(Waiting, IsEndedByAStopToken) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = bus.publisher<Number>("u").value();
    auto const cancelled = [](auto const& wait) {
        std::stop_source source;
        std::jthread const stopper([&] { source.request_stop(); });
        return wait(source.get_token());
    };
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(cancelled([&](std::stop_token stop) { return subscriber.receive(stop).error(); }), bus::Errc::cancelled);
        EXPECT_EQ(cancelled([&](std::stop_token stop) { return subscriber.wait_for_publishers(1, 1h, stop).error(); }),
                  bus::Errc::cancelled);
        EXPECT_EQ(cancelled([&](std::stop_token stop) { return publisher.wait_for_subscribers(1, 1h, stop).error(); }),
                  bus::Errc::cancelled);
        EXPECT_EQ(cancelled([&](std::stop_token stop) { return bus.wait_for(1h, stop).error(); }), bus::Errc::cancelled);
        EXPECT_TRUE(cancelled([&](std::stop_token stop) { return bus.run(stop); }));
    }
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(subscriber.receive(stopped.get_token()).error(), bus::Errc::cancelled);
    EXPECT_EQ(bus.run(stopped.get_token()).has_value(), true);
}

TEST_F(Waiting, IsEndedByStopForGood) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = 1h}).value();
    while (publisher.max_message_bytes() > 0 && publisher.publish(number(1000))) {
        if (publisher.publish(number(1000)).value() >= 60) break;
    }
    std::vector<std::jthread> waiting;
    std::atomic<int> ended = 0;
    waiting.emplace_back([&] {
        auto other = bus.subscriber<Number>("nothing").value();
        EXPECT_EQ(other.receive().error(), bus::Errc::cancelled);
        ++ended;
    });
    waiting.emplace_back([&] {
        EXPECT_TRUE(bus.run());
        ++ended;
    });
    waiting.emplace_back([&] {
        for (;;)
            if (auto const done = publisher.publish(number(1000)); !done) {
                EXPECT_EQ(done.error(), bus::Errc::cancelled);
                break;
            }
        ++ended;
    });
    bus.stop();
    EXPECT_TRUE(eventually([&] { return ended == 3; }));
    EXPECT_TRUE(subscriber.try_receive()) << "what is there can still be taken";
    EXPECT_EQ(bus.wait_for(1h).has_value(), false);
}

TEST_F(Waiting, DoesNotNoticeSignals) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    struct sigaction old {};
    ::sigaction(SIGUSR1, &action, &old);
    auto subscriber = bus.subscriber<Number>("t", {.spin = 0s}).value();
    auto child = run_role("publish_when_told", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    auto const receiver = ::pthread_self();
    for (std::uint64_t i = 0; i < 20; ++i) {
        std::jthread const storm([&] {
            for (int k = 0; k < 200; ++k) ::pthread_kill(receiver, SIGUSR1);
            child.send_line("go");
        });
        ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    }
    auto const before = std::chrono::steady_clock::now();
    std::jthread storm([&](std::stop_token stop) {
        while (!stop.stop_requested()) {
            ::pthread_kill(receiver, SIGUSR1);
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(subscriber.receive_for(50ms).error(), bus::Errc::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
    storm.request_stop();
    storm.join();  // before its signal would end us
    ::sigaction(SIGUSR1, &old, nullptr);
}

TEST_F(Waiting, SurvivesTheBroker) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = bus.publisher<Number>("t").value();
    broker.kill();
    std::jthread const later([&] { (void)publisher.publish(number(1)).value(); });
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 1u);
    broker.restart();
    (void)publisher.publish(number(2)).value();
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 2u);
}

TEST_F(Waiting, CostsNoCpu) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = bus.publisher<Number>("t").value();
    for (std::uint64_t i = 0; i < 100; ++i) {
        (void)publisher.publish(number(i)).value();
        (void)subscriber.receive_for(patience()).value();
    }
    auto const before = cpu_time();
    EXPECT_EQ(subscriber.receive_for(500ms).error(), bus::Errc::timeout);
    EXPECT_LT(cpu_time() - before, 100ms) << "asleep, not spinning: of this process's CPU time, whatever else runs";
}

TEST_F(Waiting, SleepsInManyThreadsAtOnce) {
    constexpr int kThreads = 40;  // more than a session has places
    std::vector<bus::Subscriber<Number>> subscribers;
    for (int i = 0; i < kThreads; ++i) subscribers.push_back(bus.subscriber<Number>("t").value());
    std::atomic<int> got = 0;
    std::vector<std::jthread> threads;
    for (auto& subscriber : subscribers)
        threads.emplace_back([&] {
            EXPECT_TRUE(subscriber.receive_for(patience()));
            ++got;
        });
    auto publisher = bus.publisher<Number>("t").value();
    (void)publisher.publish(number(1)).value();
    EXPECT_TRUE(eventually([&] { return got == kThreads; }));
}

TEST_F(Waiting, SaysClosedInAForkedChild) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = bus.publisher<Number>("t").value();
    auto const status = run_forked([&] {
        int wrong = 0;
        auto const closed = [&](auto const& result) { wrong += !(result.error() == bus::Errc::closed); };
        closed(publisher.publish(number(1)));
        closed(publisher.wait_for_subscribers(1, 1s));
        closed(subscriber.try_receive());
        closed(subscriber.receive_for(1s));
        closed(subscriber.on_sample(nullptr));
        closed(bus.dispatch());
        closed(bus.run());
        closed(bus.wait_for(1s));
        closed(bus.publisher<Number>("x"));
        closed(bus.subscriber<Number>("x"));
        wrong += subscriber.fd() != -1;
        (void)subscriber.lost();
        (void)subscriber.position();
        (void)publisher.subscribers();
        bus.stop();
        auto const moved_publisher = std::move(publisher);
        auto const moved_subscriber = std::move(subscriber);
        return wrong;
    });
    EXPECT_EQ(status, 0);
    (void)publisher.publish(number(1)).value();
    EXPECT_TRUE(subscriber.receive_for(patience()));
}

}  // namespace
