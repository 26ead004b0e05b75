// A sample that is held: whatever becomes of its publisher, its ring, its subscriber, its broker; and what sending and receiving allocate.
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = nullptr;
    if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), bytes == 0 ? 1 : bytes) != 0) throw std::bad_alloc();
    return memory;
}
}  // namespace

// Those of this program, libbus and protobuf alike.
void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new[](std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

constexpr std::size_t kBytes = 300;

Text text(std::uint64_t sequence) {
    Text message;
    message.set_value(content(sequence, kBytes));
    return message;
}

void expect_whole(bus::Sample<Text> const& sample, std::uint64_t sequence) {
    EXPECT_EQ(sample.message().value(), content(sequence, kBytes));
    EXPECT_EQ(sample.info().sequence, sequence);
    EXPECT_EQ(sample.info().topic, "t");
    Text again;
    EXPECT_TRUE(again.ParseFromArray(sample.bytes().data(), static_cast<int>(sample.bytes().size())));
    EXPECT_EQ(again.value(), content(sequence, kBytes));
}

class HeldSample : public testing::TestWithParam<bool> {
protected:
    bus::SubscriberOptions kind() const { return {.reliable = GetParam()}; }

    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

BUS_TEST_ROLE(publisher) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Text>("t", {.ring_bytes = 4096, .retain = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    for (std::uint64_t sequence = 1; sequence <= 2; ++sequence) role.require(publisher.publish(text(sequence)).has_value(), "publish");
    role.say("published");
    (void)role.hear();
    return 0;
}

TEST_P(HeldSample, OutlivesItsPublisherItsRingAndItsBroker) {
    auto subscriber = std::make_optional(bus.subscriber<Text>("t", kind()).value());
    auto child = std::make_optional(run_role("publisher", on(broker)));
    ASSERT_TRUE(child->expect_line("published"));
    auto const held = subscriber->receive_for(patience()).value();
    child->kill(SIGKILL);
    (void)child->wait();
    ASSERT_TRUE(eventually([&] { return bus.clients().value().size() == 1; }));
    expect_whole(held, 1);
    auto const second = subscriber->receive_for(patience()).value();
    EXPECT_EQ(subscriber->try_receive().error(), bus::Errc::would_block);
    child.emplace(run_role("publisher", on(broker)));  // its ring and what is retained are folded when it goes: memory is used again
    ASSERT_TRUE(child->expect_line("published"));
    for (std::uint64_t sequence = 1; sequence <= 2; ++sequence) expect_whole(subscriber->receive_for(patience()).value(), sequence);
    child->kill(SIGKILL);
    (void)child->wait();
    ASSERT_TRUE(eventually([&] {
        EXPECT_EQ(subscriber->try_receive().error(), bus::Errc::would_block);  // and so it lets go of what was read
        return bus::topic_detail("t", broker.options()).value().publishers.size() == 1;
    }));
    expect_whole(held, 1);
    broker.kill();
    subscriber.reset();
    { auto const gone = std::move(bus); }
    expect_whole(held, 1);
    expect_whole(second, 2);
}

TEST_P(HeldSample, IsWholeWhenItsMemoryWasRemovedUnderIt) {
    auto subscriber = bus.subscriber<Text>("t", kind()).value();
    auto other = broker.connect("other").value();
    auto publisher = other.publisher<Text>("t", {.when_full = bus::WhenFull::drop}).value();
    (void)publisher.publish(text(1)).value();
    auto const held = subscriber.receive_for(patience()).value();
    for (auto const& object : bus::kernel_objects(broker.options()).value())
        if (object.use == "arena") {
            EXPECT_EQ(::shmctl(object.id, IPC_RMID, nullptr), 0);
        }
    auto const id = publisher.id();
    ASSERT_TRUE(eventually([&] { return publisher.publish(text(2)) && publisher.id() != id; })) << "it has another ring";
    expect_whole(held, 1);
}

TEST_P(HeldSample, IsWholeWhenItsSubscriberIsLapped) {
    auto subscriber = bus.subscriber<Text>("t", kind()).value();
    auto publisher = bus.publisher<Text>("t", {.ring_bytes = 4096, .when_full = bus::WhenFull::drop}).value();
    (void)publisher.publish(text(1)).value();
    auto held = subscriber.receive_for(patience()).value();
    for (std::uint64_t sequence = 2; sequence <= 500; ++sequence) (void)publisher.publish(text(sequence)).value();
    expect_whole(held, 1);
    std::uint64_t received = 1;
    while (auto const sample = subscriber.try_receive()) {
        ++received;
        expect_whole(*sample, sample->info().sequence);
    }
    EXPECT_EQ(received + subscriber.lost(), 500u);
    EXPECT_GT(subscriber.lost(), 0u);
    std::jthread([&] {
        expect_whole(held, 1);
        auto const moved = std::move(held);
    }).join();
    EXPECT_TRUE(publisher.publish(text(501)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().info().sequence, 501u);
}

TEST_P(HeldSample, GivenBackInAForkedChildTouchesNothing) {
    auto subscriber = bus.subscriber<Text>("t", kind()).value();
    auto publisher = bus.publisher<Text>("t", {.ring_bytes = 4096, .when_full = bus::WhenFull::refuse}).value();
    (void)publisher.publish(text(1)).value();
    auto held = std::make_optional(subscriber.receive_for(patience()).value());
    pid_t const child = ::fork();
    if (child == 0) {
        bool const whole = held->message().value() == content(1, kBytes);
        held.reset();
        bool const closed =
            subscriber.try_receive().error() == bus::Errc::closed && publisher.publish(text(2)).error() == bus::Errc::closed;
        ::_exit(whole && closed ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    expect_whole(*held, 1);
    EXPECT_TRUE(publisher.publish(text(2)));
}

INSTANTIATE_TEST_SUITE_P(OfA, HeldSample, testing::Bool(),
                         [](auto const& info) { return info.param ? "ReliableSubscriber" : "BestEffortSubscriber"; });

struct Reading {
    double time;
    float values[6];
};

}  // namespace

template <>
struct bus::plain<Reading> {
    static constexpr std::string_view name = "test.Reading.v1";
};

namespace {

class SteadyState : public HeldSample {
protected:
    /// Runs it until everything has grown to its size, then counts.
    static void expect_no_allocation(auto&& exchange) {
        for (int warm_up = 0; warm_up < 200; ++warm_up) exchange();
        auto const before = allocations.load();
        for (int round = 0; round < 1000; ++round) exchange();
        EXPECT_EQ(allocations.load() - before, 0u);
    }
};

TEST_P(SteadyState, AllocatesNothingForAMessageOfAnyType) {
    auto texts = bus.subscriber<Text>("texts", kind()).value();
    auto bytes = bus.subscriber<bus::Bytes>("bytes", kind()).value();
    auto readings = bus.subscriber<Reading>("readings", kind()).value();
    auto any = bus.subscriber<bus::Any>("*", kind()).value();
    auto text_publisher = bus.publisher<Text>("texts").value();
    auto byte_publisher = bus.publisher<bus::Bytes>("bytes").value();
    auto reading_publisher = bus.publisher<Reading>("readings").value();
    auto const message = text(1);
    expect_no_allocation([&] {
        (void)text_publisher.publish(message).value();
        (void)byte_publisher.publish(std::string_view("some bytes")).value();
        (void)reading_publisher.publish({.time = 1, .values = {}}).value();
        auto loan = byte_publisher.loan(1000).value();
        (void)loan.publish(900).value();
        while (texts.try_receive()) continue;
        while (bytes.receive_for(0s)) continue;
        while (readings.try_receive()) continue;
        while (auto const sample = any.try_receive()) (void)sample->message().type();
    });
}

TEST_P(SteadyState, AllocatesNothingForABatchAndForSamplesThatAreHeld) {
    auto subscriber = bus.subscriber<Text>("t", kind()).value();
    auto publisher = bus.publisher<Text>("t").value();
    std::vector<Text> const batch(16, text(1));
    std::vector<bus::Sample<Text>> held;
    held.reserve(16);
    expect_no_allocation([&] {
        (void)publisher.publish_batch(batch).value();
        for (std::size_t i = 0; i < batch.size(); ++i) held.push_back(subscriber.try_receive().value());
        held.clear();
    });
}

TEST_P(SteadyState, AllocatesNothingForCallbacks) {
    auto subscriber = bus.subscriber<Text>("t", kind()).value();
    auto publisher = bus.publisher<Text>("t").value();
    std::uint64_t received = 0;
    subscriber.on_sample([&](bus::Sample<Text> const&) { ++received; }).value();
    auto const message = text(1);
    expect_no_allocation([&] {
        (void)publisher.publish(message).value();
        (void)bus.dispatch().value();
    });
    EXPECT_EQ(received, 1200u);
}

INSTANTIATE_TEST_SUITE_P(OfA, SteadyState, testing::Bool(),
                         [](auto const& info) { return info.param ? "ReliableSubscriber" : "BestEffortSubscriber"; });

}  // namespace
