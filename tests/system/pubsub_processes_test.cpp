// Many processes on one topic: nothing lost silently, whoever comes, goes or dies.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <csignal>
#include <map>
#include <thread>

#include "client/connection_state.hpp"
#include "shm/ring_format.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/stepper.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

std::uint64_t messages() { return 100'000; }
std::size_t bytes_of(std::uint64_t sequence) { return 8 + sequence % 57; }

class Processes : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

/// Arguments: folder, bus, "reliable" or not. Reads until the end mark, checks each byte, says "received lost".
BUS_TEST_ROLE(checking_reader) {
    auto bus = connect(role);
    bool const reliable = role.args().at(2) == "reliable";
    auto subscriber = bus.subscriber<bus::Bytes>("stream", {.reliable = reliable}).value();
    role.say("ready");
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t expected = 1;
    for (;;) {
        auto const sample = subscriber.receive_for(patience()).value();
        lost += sample.info().lost_before;
        auto const sequence = sample.info().sequence;
        role.require(sequence == expected + sample.info().lost_before, "sequence " + std::to_string(sequence));
        expected = sequence + 1;
        if (sample.message().empty()) break;
        ++received;
        role.require(sample.message().text() == content(sequence, bytes_of(sequence)), "content of " + std::to_string(sequence));
    }
    role.require(lost == subscriber.lost(), "lost() disagrees");
    role.say(std::to_string(received) + " " + std::to_string(lost));
    return 0;
}

TEST_F(Processes, EachReadEverythingOrKnowWhatTheyLost) {
    std::vector<Child> children;
    for (int i = 0; i < 8; ++i) children.push_back(run_role("checking_reader", on(broker, {i < 4 ? "reliable" : "best-effort"})));
    for (auto& child : children) ASSERT_TRUE(child.expect_line("ready"));
    auto publisher = bus.publisher<bus::Bytes>("stream", {.ring_bytes = 1 << 16, .wait_for = 30s}).value();
    publisher.wait_for_subscribers(8, patience()).value();
    auto const count = messages();
    for (std::uint64_t i = 1; i <= count; ++i) ASSERT_EQ(publisher.publish(std::string_view(content(i, bytes_of(i)))).value(), i);
    ASSERT_TRUE(publisher.publish(std::string_view()));
    for (std::size_t i = 0; i < children.size(); ++i) {
        auto const line = children[i].read_line(patience(60s));
        ASSERT_TRUE(line) << "child " << i;
        auto const space = line->find(' ');
        auto const received = std::stoull(line->substr(0, space));
        auto const lost = std::stoull(line->substr(space));
        EXPECT_EQ(received + lost, count);
        if (i < 4) {
            EXPECT_EQ(lost, 0u);
        }
        EXPECT_EQ(children[i].wait(), 0);
    }
}

BUS_TEST_ROLE(counting_publisher) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("many", {.ring_bytes = 1 << 14, .wait_for = 30s}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto const count = static_cast<std::uint64_t>(role.number(2));
    for (std::uint64_t i = 0; i < count; ++i) (void)publisher.publish(number(i)).value();
    role.say("done");
    return 0;
}

TEST_F(Processes, AreMergedByOneSubscriberWhichDrainsThoseThatEnd) {
    auto subscriber = bus.subscriber<Number>("many", {.reliable = true}).value();
    constexpr std::uint64_t kEach = 20'000;
    std::vector<Child> children;
    for (int i = 0; i < 4; ++i) children.push_back(run_role("counting_publisher", on(broker, {std::to_string(kEach)})));
    std::map<bus::PublisherId, std::uint64_t> next;
    for (std::uint64_t i = 0; i < 4 * kEach; ++i) {
        auto const sample = subscriber.receive_for(patience()).value();
        ASSERT_EQ(sample.message().value(), next[sample.info().publisher]++);
    }
    EXPECT_EQ(next.size(), 4u);
    EXPECT_EQ(subscriber.lost(), 0u);
}

BUS_TEST_ROLE(tireless_publisher) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("tireless", {.ring_bytes = 1 << 14, .wait_for = 30s}).value();
    role.say("ready");
    for (std::uint64_t i = 1;; ++i) (void)publisher.publish(number(i)).value();
}

TEST_F(Processes, JoinARingAtFullSpeedWithoutBeingOverrun) {
    auto child = run_role("tireless_publisher", on(broker));
    ASSERT_TRUE(child.expect_line("ready"));
    for (int join = 0; join < 1000; ++join) {
        auto subscriber =
            bus.subscriber<Number>("tireless", {.reliable = true, .history = static_cast<std::size_t>(join % 3 * 20)}).value();
        std::uint64_t expected = 0;
        for (int i = 0; i < 20; ++i) {
            auto const sample = subscriber.receive_for(patience()).value();
            ASSERT_EQ(sample.message().value(), sample.info().sequence);
            if (expected != 0) {
                ASSERT_EQ(sample.info().sequence, expected);
            }
            expected = sample.info().sequence + 1;
        }
        ASSERT_EQ(subscriber.lost(), 0u) << "join " << join;
    }
    child.kill(SIGKILL);
}

TEST_F(Processes, KilledWhilePublishingLeaveWhatTheyCommitted) {
    for (int round = 0; round < 10; ++round) {
        auto subscriber = bus.subscriber<Number>("tireless", {.reliable = true}).value();
        auto child = run_role("tireless_publisher", on(broker));
        ASSERT_TRUE(child.expect_line("ready"));
        std::uint64_t last = 0;
        for (int i = 0; i < 500 + round; ++i) last = subscriber.receive_for(patience()).value().message().value();
        child.kill(SIGKILL);
        EXPECT_EQ(child.wait().signal, SIGKILL);
        ASSERT_TRUE(eventually([&] {
            while (auto const sample = subscriber.try_receive()) {
                EXPECT_EQ(sample->message().value(), last + 1);
                last = sample->message().value();
            }
            return subscriber.publishers() == 0;
        }));
        EXPECT_EQ(subscriber.lost(), 0u);
    }
}

/// Whether the ring of a publisher says that it fences after each commit.
bool is_fenced(Role const& role, bus::PublisherId publisher) {
    auto const looker =
        bus::client::ConnectionState::open({.bus = role.args().at(1), .name = "looker", .runtime_dir = role.args().at(0)}).value();
    auto const core = looker->core();
    auto const index = core->bus->directory().find_ring(publisher).value();
    auto const entry = core->bus->directory().snapshot<bus::shm::RingEntry>(index).value();
    auto const arena = core->segments.read(entry->segment, bus::shm::SegmentKind::arena).value();
    return bus::shm::open_ring(arena->bytes(), entry->offset, publisher).value().head->fenced.load() != 0;
}

// "hot": alone in its process, so registered for membarrier. "fenced": with a second thread before it connects; registering would cost tens
// of milliseconds then, so it never does.
BUS_TEST_ROLE(measured_publisher) {
    bool const hot = role.args().at(2) == "hot";
    std::jthread other;
    if (!hot) other = std::jthread([](std::stop_token stop) { (void)eventually([&] { return stop.stop_requested(); }); });
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("measured", {.ring_bytes = 1 << 16, .when_full = bus::WhenFull::refuse}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto const message = number(7);
    for (int i = 0; i < 100'000; ++i) (void)publisher.publish(message).value();
    if (hot) {  // on a loaded machine it may take some more
        role.require(eventually([&] {
                         for (int i = 0; i < 10'000; ++i) (void)publisher.publish(message).value();
                         return !is_fenced(role, publisher.id());
                     }),
                     "it never got hot");
    }
    role.require(is_fenced(role, publisher.id()) != hot, "fenced or not: the other one");
    mark(1);
    for (int i = 0; i < 1'000'000; ++i) (void)publisher.publish(message).value();
    mark(2);
    role.say("done");
    return 0;
}

class PublishAMillionTimes : public Processes, public testing::WithParamInterface<char const*> {};

TEST_P(PublishAMillionTimes, ToAPollingSubscriberWithoutASystemCall) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "ptrace is not allowed here";
    auto subscriber = bus.subscriber<Number>("measured").value();
    std::jthread const polling([&](std::stop_token stop) {
        while (!stop.stop_requested()) (void)subscriber.try_receive();
    });
    Stepper stepper("measured_publisher", on(broker, {GetParam()}));
    ASSERT_TRUE(stepper.run_to_mark(1));
    auto const calls = stepper.count_syscalls_to_mark(2);
    ASSERT_TRUE(calls);
    for (auto const& [call, count] : *calls) ADD_FAILURE() << "system call " << call << ": " << count << " times";
    stepper.detach();
}
INSTANTIATE_TEST_SUITE_P(As, PublishAMillionTimes, testing::Values("hot", "fenced"), [](auto const& info) { return info.param; });

TEST_F(Processes, MakeSystemCallsWhereSomebodySleeps) {  // the control of the test above
    if (!Stepper::is_possible()) GTEST_SKIP() << "ptrace is not allowed here";
    auto subscriber = bus.subscriber<Number>("measured", {.spin = 0s}).value();
    std::jthread const sleeping([&](std::stop_token stop) {
        while (subscriber.receive(stop)) {
        }
    });
    Stepper stepper("measured_publisher", on(broker, {"fenced"}));
    ASSERT_TRUE(stepper.run_to_mark(1));
    auto const calls = stepper.count_syscalls_to_mark(2);
    ASSERT_TRUE(calls);
    EXPECT_TRUE(calls->contains(SYS_semop) || calls->contains(SYS_semtimedop));
    stepper.detach();
}

}  // namespace
