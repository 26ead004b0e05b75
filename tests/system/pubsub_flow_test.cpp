// Reliable and best-effort: who waits for whom, what is lost, how it is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class Flow : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();

    bus::PublisherOptions small(bus::WhenFull when_full, bus::Duration wait_for = 5s) {
        return {.ring_bytes = 4096, .when_full = when_full, .wait_for = wait_for};
    }
};

constexpr std::uint64_t kFirst = 1000;  // all numbers from here to 16383 serialise to equally many bytes

/// Publishes kFirst, kFirst + 1 ... until the ring says no. Returns: how many went in.
std::uint64_t fill(bus::Publisher<Number>& publisher) {
    std::uint64_t count = 0;
    while (publisher.publish(number(kFirst + count))) ++count;
    return count;
}

TEST_F(Flow, RefusesWhenAReliableSubscriberIsARingBehind) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    auto const count = fill(publisher);
    EXPECT_GT(count, 20u);
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::would_block);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), kFirst);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), kFirst + 1);
    EXPECT_EQ(publisher.publish(number(kFirst + count)).value(), count + 1) << "a refused message uses up no number";
    for (std::uint64_t i = 2; i <= count; ++i) ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), kFirst + i);
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(Flow, LeavesAReliableSubscriberTheRoomOfTheSamplesItHolds) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    auto const count = fill(publisher);
    std::vector<bus::Sample<Number>> held;
    for (std::uint64_t i = 0; i < count; ++i) held.push_back(subscriber.receive_for(patience()).value());
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::would_block) << "all is read, and all is held";
    held.erase(held.begin() + 1, held.end());
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::would_block) << "the oldest is held still";
    std::jthread([&] { held.clear(); }).join();
    EXPECT_EQ(fill(publisher), count) << "given back by another thread, in whatever order";
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(Flow, HoldsNoRoomForASubscriberThatHasGone) {
    auto subscriber = std::make_optional(bus.subscriber<Number>("t", {.reliable = true}).value());
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    fill(publisher);
    auto const held = subscriber->receive_for(patience()).value();
    subscriber.reset();
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(publisher.publish(number(kFirst + 1)));
    EXPECT_EQ(held.message().value(), kFirst) << "what it says is its own";
}

TEST_F(Flow, IsWokenByASampleGivenBack) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto const count = [&] {
        auto probe = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
        return fill(probe);
    }();
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(subscriber.receive_for(patience()));
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::wait, patience())).value();
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(publisher.publish(number(kFirst)));
    auto held = std::make_optional(subscriber.receive_for(patience()).value());
    while (subscriber.try_receive()) continue;
    std::atomic<bool> done = false;
    std::jthread const blocked([&] {
        EXPECT_EQ(publisher.publish(number(kFirst)).value(), count + 1);
        done = true;
    });
    EXPECT_TRUE(eventually([&] {
        for (auto const& info : bus::topic_detail("t", broker.options()).value().publishers)
            if (info.held_by != 0) return true;
        return false;
    }));
    EXPECT_FALSE(done);
    held.reset();
    EXPECT_TRUE(eventually([&] { return done.load(); }));
}

TEST_F(Flow, WaitsSoLongAndNotForEver) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::wait, 30ms)).value();
    auto const count = fill(publisher);
    auto const before = std::chrono::steady_clock::now();
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), kFirst);
    EXPECT_EQ(publisher.publish(number(kFirst)).value(), count + 1);
}

TEST_F(Flow, CountsWhatItDropsAndTellsTheSubscriber) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::drop)).value();
    constexpr std::uint64_t kAll = 1000;
    for (std::uint64_t i = 1; i <= kAll; ++i) ASSERT_EQ(publisher.publish(number(i)).value(), i);
    EXPECT_GT(publisher.dropped(), 0u);
    std::uint64_t received = 0;
    while (auto const sample = subscriber.try_receive()) {
        ++received;
        EXPECT_EQ(sample->message().value(), sample->info().sequence);
    }
    EXPECT_EQ(received + publisher.dropped(), kAll);
    EXPECT_EQ(subscriber.lost(), publisher.dropped()) << "known before the next message tells it";
    (void)publisher.publish(number(kAll + 1)).value();
    auto const last = subscriber.receive_for(patience()).value();
    EXPECT_EQ(last.info().sequence, kAll + 1);
    EXPECT_EQ(last.info().lost_before, kAll - received);
    EXPECT_EQ(subscriber.lost(), publisher.dropped());
    ASSERT_EQ(subscriber.losses().size(), 1u);
    EXPECT_EQ(subscriber.losses()[0].publisher, publisher.id());
    EXPECT_NE(subscriber.losses()[0].why.find("drop"), std::string::npos);
}

TEST_F(Flow, NeverWaitsForABestEffortSubscriberWhichCountsExactly) {
    auto subscriber = bus.subscriber<Number>("t").value();
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t published = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 13 * round; ++i) {
            ++published;
            ASSERT_EQ(publisher.publish(number(published)).value(), published);
        }
        while (auto const sample = subscriber.try_receive()) {
            ++received;
            lost += sample->info().lost_before;
            ASSERT_EQ(sample->message().value(), sample->info().sequence);
        }
        ASSERT_EQ(received + lost, published);
    }
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(subscriber.lost(), lost);
}

BUS_TEST_ROLE(slow_reader) {
    auto bus = connect(role);
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    role.say("ready");
    while (auto const line = role.hear()) {
        if (*line == "read") role.say(std::to_string(subscriber.receive_for(patience()).value().message().value()));
    }
    return 0;
}

TEST_F(Flow, IsWokenByTheReaderItWaitsFor) {
    auto child = run_role("slow_reader", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    auto const count = fill(publisher);
    auto waiting = bus.publisher<Number>("t", small(bus::WhenFull::wait, patience())).value();
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(waiting.publish(number(kFirst + i)));
    std::jthread const blocked([&] { EXPECT_EQ(waiting.publish(number(kFirst + count)).value(), count + 1); });
    for (std::uint64_t i = 0; i < 2 * count; ++i) {  // two rings are read in turn: some of it is of the one that waits
        child.send_line("read");
        ASSERT_TRUE(child.read_line());
    }
}

TEST_F(Flow, TakesThePlaceOfAReaderThatIsTooSlowWhereToldTo) {
    auto told = [](std::vector<bus::Event> const& events) {
        return std::ranges::any_of(
            events, [](bus::Event const& event) { return event.kind == bus::Event::Kind::lost && event.error == bus::Errc::full; });
    };
    std::vector<bus::Event> events;
    bus.on_event([&](bus::Event const& event) { events.push_back(event); }).value();
    auto slow = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto quick = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .evict_after = 50ms}).value();
    constexpr std::uint64_t kAll = 1000;
    for (std::uint64_t i = 1; i <= kAll; ++i) {
        ASSERT_EQ(publisher.publish(number(i)).value(), i);
        ASSERT_EQ(quick.receive_for(patience()).value().message().value(), i);
    }
    EXPECT_EQ(publisher.evicted(), 1u);
    EXPECT_EQ(quick.lost(), 0u);
    (void)bus.dispatch().value();
    EXPECT_TRUE(told(events)) << "the publisher is told";
    std::uint64_t received = 0, lost = 0, last = 0;
    while (auto const sample = slow.try_receive()) {
        ++received;
        lost += sample->info().lost_before;
        last = sample->message().value();
        ASSERT_EQ(last, sample->info().sequence) << "whole, not overwritten under its hands";
    }
    EXPECT_EQ(last, kAll);
    EXPECT_EQ(received + lost, kAll) << "the gap is exact";
    EXPECT_EQ(slow.lost(), lost);
    ASSERT_EQ(slow.losses().size(), 1u);
    EXPECT_NE(slow.losses()[0].why.find("evict_after"), std::string::npos) << slow.losses()[0].why;
}

TEST_F(Flow, KeepsThePlaceOfAReaderThatMoves) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .when_full = bus::WhenFull::refuse, .evict_after = 1h}).value();
    auto const count = fill(publisher);
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::would_block);
    EXPECT_EQ(publisher.evicted(), 0u);
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), kFirst + i);
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_EQ(bus.publisher<Number>("t", {.evict_after = -1s}).error(), bus::Errc::invalid);
}

TEST_F(Flow, StopsWaitingForADeadReaderWithoutBusd) {
    auto child = run_role("slow_reader", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::refuse)).value();
    publisher.wait_for_subscribers(1, patience()).value();
    (void)fill(publisher);
    broker.kill();
    auto waiting = std::jthread([&] { EXPECT_TRUE(eventually([&] { return publisher.publish(number(kFirst)).has_value(); })); });
    child.kill(SIGKILL);
    EXPECT_EQ(child.wait().signal, SIGKILL);
    waiting.join();
    broker.restart();
}

TEST_F(Flow, DoesNotTakeAStoppedReaderForDead) {
    auto child = run_role("slow_reader", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    auto publisher = bus.publisher<Number>("t", small(bus::WhenFull::wait, 300ms)).value();
    publisher.wait_for_subscribers(1, patience()).value();
    child.kill(SIGSTOP);
    (void)fill(publisher);
    EXPECT_EQ(publisher.publish(number(kFirst)).error(), bus::Errc::timeout);
    child.kill(SIGCONT);
    child.send_line("read");
    EXPECT_TRUE(child.expect_line(std::to_string(kFirst)));
    EXPECT_TRUE(publisher.publish(number(kFirst)));
}

TEST_F(Flow, SerialisesThreadsOnOnePublisher) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 8192}).value();
    constexpr std::uint64_t kEach = 5000;
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < kEach; ++i) ASSERT_TRUE(publisher.publish(number(thread << 32 | i)));
        });
    std::vector<std::uint64_t> next(4);
    for (std::uint64_t i = 1; i <= 4 * kEach; ++i) {
        auto const sample = subscriber.receive_for(patience()).value();
        ASSERT_EQ(sample.info().sequence, i);
        ASSERT_EQ(sample.message().value() & 0xffffffff, next[sample.message().value() >> 32]++);
    }
}

}  // namespace
