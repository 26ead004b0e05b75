// Publishers and subscribers that know each other need no busd: sleeping, descriptors, callbacks, timers, flow control, all between the
// death of one busd and the start of the next.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <bus/introspect.hpp>
#include <csignal>
#include <thread>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

bool becomes_readable(int fd) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, static_cast<int>(patience().count())) == 1;
}
bool is_readable(int fd) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
}

constexpr std::uint64_t kEchoes = 200;

class WithoutBroker : public testing::Test {
protected:
    /// It comes back, and finds all of it as it was.
    ~WithoutBroker() override {
        broker.restart();
        auto const clients = bus.clients();
        EXPECT_TRUE(clients && std::ranges::all_of(*clients, [](auto const& client) { return client.alive; }));
    }

    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

}  // namespace

// Another process, so that nothing is known by having the same memory. Sends back what it gets.
BUS_TEST_ROLE(echoing) {
    auto bus = connect(role);
    auto in = bus.subscriber<Number>("there", {.reliable = true, .spin = 0s}).value();
    auto out = bus.publisher<Number>("back", {.ring_bytes = 4096, .wait_for = patience()}).value();
    out.wait_for_subscribers(1, patience()).value();
    role.say("ready");
    for (std::uint64_t i = 1; i <= kEchoes; ++i) {
        auto const sample = in.receive_for(patience());
        role.require(sample && sample->message().value() == i, "its next message");
        role.require(out.publish(sample->message()).has_value(), "publish");
    }
    (void)role.hear();
    return 0;
}

TEST_F(WithoutBroker, WhoSleepsIsWoken) {
    auto out = bus.publisher<Number>("there", {.wait_for = patience()}).value();
    auto in = bus.subscriber<Number>("back", {.reliable = true, .spin = 0s}).value();
    auto echo = run_role("echoing", on(broker));
    ASSERT_TRUE(echo.expect_line("ready"));
    broker.kill();
    for (std::uint64_t i = 1; i <= kEchoes; ++i) {
        out.publish(number(i)).value();
        auto const sample = in.receive_for(patience());
        ASSERT_TRUE(sample) << i << ": " << sample.error().what();
        ASSERT_EQ(sample->message().value(), i);
    }
    echo.send_line("go");
    EXPECT_EQ(echo.wait(), 0);
}

TEST_F(WithoutBroker, ADescriptorIsReadableWhileThereIsSomething) {
    auto in = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto other = broker.connect("other").value();
    auto out = other.publisher<Number>("t", {.wait_for = patience()}).value();
    out.wait_for_subscribers(1, patience()).value();
    ASSERT_GE(in.fd(), 0);
    broker.kill();
    // What the death itself had to tell.
    ASSERT_TRUE(eventually([&] { return !in.try_receive() && !is_readable(in.fd()); }));
    for (std::uint64_t i = 1; i <= 50; ++i) {
        out.publish(number(i)).value();
        ASSERT_TRUE(becomes_readable(in.fd())) << i;
        ASSERT_EQ(in.try_receive().value().message().value(), i);
        ASSERT_TRUE(eventually([&] { return !in.try_receive() && !is_readable(in.fd()); })) << i;
    }
}

TEST_F(WithoutBroker, OneMayBeginToAskForADescriptor) {
    auto in = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto out = broker.connect("other").value().publisher<Number>("t", {.wait_for = patience()}).value();
    out.wait_for_subscribers(1, patience()).value();
    broker.kill();
    int const fd = in.fd();
    ASSERT_GE(fd, 0);
    out.publish(number(1)).value();
    EXPECT_TRUE(becomes_readable(fd));
    EXPECT_EQ(in.try_receive().value().message().value(), 1u);
}

TEST_F(WithoutBroker, CallbacksAndTimersRun) {
    auto in = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto out = broker.connect("other").value().publisher<Number>("t", {.wait_for = patience()}).value();
    out.wait_for_subscribers(1, patience()).value();
    std::uint64_t last = 0;
    int ticks = 0;
    in.on_sample([&](bus::Sample<Number> const& sample) { last = sample.message().value(); }).value();
    auto const timer = bus.every(1ms, [&] {
        ++ticks;
        if (last == 100 && ticks >= 3) bus.stop();
    });
    ASSERT_TRUE(timer);
    broker.kill();
    {
        std::jthread const publishing([&] {
            for (std::uint64_t i = 1; i <= 100; ++i) out.publish(number(i)).value();
        });
        EXPECT_TRUE(bus.run());
    }
    EXPECT_EQ(last, 100u);
}

TEST_F(WithoutBroker, AReliableReaderHoldsItsPublisherUpAndLetsItGoOn) {
    auto in = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto out = broker.connect("other").value().publisher<Number>("t", {.ring_bytes = 4096, .wait_for = patience()}).value();
    out.wait_for_subscribers(1, patience()).value();
    broker.kill();
    constexpr std::uint64_t kMany = 5000;  // some fifty rings
    std::atomic<std::uint64_t> sent = 0;
    std::jthread const publishing([&] {
        for (std::uint64_t i = 1; i <= kMany; ++i) {
            out.publish(number(i)).value();
            sent = i;
        }
    });
    ASSERT_TRUE(eventually([&] { return bus::topic_detail("t", broker.options()).value().publishers.at(0).held_by != 0; }));
    EXPECT_LT(sent, kMany);
    for (std::uint64_t i = 1; i <= kMany; ++i) {
        auto const sample = in.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        ASSERT_EQ(sample->message().value(), i);
    }
    EXPECT_EQ(in.lost(), 0u);
}
