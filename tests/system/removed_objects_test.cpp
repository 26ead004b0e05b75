// Kernel objects removed under our feet (ipcrm, RemoveIPC): nobody crashes, spins or hangs.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/removal.hpp"
#include "support/spoiled_ring.hpp"
#include "sys/clock.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class Removed : public testing::Test {
protected:
    int remove(std::string_view use) { return remove_objects(broker.options(), use); }

    std::size_t arenas() {
        auto const objects = bus::kernel_objects(broker.options()).value();
        return static_cast<std::size_t>(std::ranges::count(objects, "arena", &bus::KernelObject::use));
    }

    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

std::chrono::nanoseconds cpu_of_this_thread() { return std::chrono::nanoseconds(bus::sys::clock_ns(CLOCK_THREAD_CPUTIME_ID)); }

}  // namespace

TEST_F(Removed, BellsLeaveWaitsSlowerAndWhole) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true, .spin = 0s}).value();
    auto publisher = broker.connect("other").value().publisher<Number>("t").value();
    publisher.wait_for_subscribers(1, patience()).value();
    ASSERT_GT(remove("bells"), 0);
    auto const cpu = cpu_of_this_thread();
    auto const before = std::chrono::steady_clock::now();
    EXPECT_EQ(subscriber.receive_for(300ms).error(), bus::Errc::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 300ms);
    EXPECT_LT(cpu_of_this_thread() - cpu, 150ms) << "it slept";
    for (std::uint64_t i = 1; i <= 100; ++i) {
        std::jthread const publishing([&] { (void)publisher.publish(number(i)).value(); });
        EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    }
    EXPECT_TRUE(bus.publisher<Number>("u")) << "requests go on too";
}

// A session whose queue was removed under its hands says so; busd makes it anew for those who come.
TEST_F(Removed, QueuesAndTokensAreMadeAnewForNewcomers) {
    for (auto const* const use : {"lobby", "requests", "tokens"}) {
        auto victim = broker.connect("victim").value();
        ASSERT_EQ(remove(use), 1) << use;
        auto const asked = victim.subscriber<Number>("t");
        EXPECT_TRUE(asked || asked.error() == bus::Errc::closed) << use << ": " << asked.error().what();
        auto const newcomer = broker.connect("newcomer");
        EXPECT_TRUE(newcomer) << use << ": " << newcomer.error().what();
    }
    EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().size() == 1; }));
}

TEST_F(Removed, TokensKillNobody) {
    auto publisher = bus.publisher<Number>("t").value();
    auto subscriber = broker.connect("other").value().subscriber<Number>("t", {.reliable = true}).value();
    ASSERT_EQ(remove("tokens"), 1);
    ASSERT_TRUE(broker.connect("newcomer")) << "busd has looked";
    EXPECT_TRUE(publisher.publish(number(1)));
    EXPECT_TRUE(subscriber.receive_for(patience()));
    EXPECT_TRUE(bus.publisher<Number>("u"));
}

TEST_F(Removed, TheRendezvousQueueIsMadeAnew) {
    ASSERT_EQ(remove("rendezvous"), 1);
    EXPECT_TRUE(eventually([&] { return broker.connect("newcomer").has_value(); }));
    EXPECT_TRUE(bus.publisher<Number>("t"));
}

TEST_F(Removed, TheSignOfLifeIsMadeAnew) {
    ASSERT_EQ(remove("alive"), 1);
    EXPECT_TRUE(eventually([&] { return bus.broker_alive(); }));
    EXPECT_TRUE(eventually([&] { return broker.connect("newcomer").has_value(); }));
    broker.kill();
    EXPECT_FALSE(bus.broker_alive());
}

TEST_F(Removed, WithoutItsDirectoryAnotherBusBeginsAndItsClientsGoOver) {
    auto subscriber = bus.subscriber<Number>("t").value();
    ASSERT_EQ(remove("directory"), 1);
    auto publisher = broker.connect("newcomer").value().publisher<Number>("t").value();
    std::uint64_t sent = 0;
    EXPECT_TRUE(eventually([&] {
        EXPECT_TRUE(publisher.publish(number(++sent)));
        return subscriber.try_receive().has_value();
    }));
    EXPECT_TRUE(bus.broker_alive());
}

TEST_F(Removed, ARingTheNextBusdCannotTrustIsTakenAwayAndItsReadersAreTold) {
    std::vector<bus::Event> events;
    bus.on_event([&](bus::Event const& event) { events.push_back(event); }).value();
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto other = broker.connect("other").value();
    auto publisher = other.publisher<Number>("t").value();
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    for (std::uint64_t i = 1; i <= 2; ++i) ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    broker.kill();
    ASSERT_TRUE(spoil_a_ring(broker.options()));
    broker.restart();
    std::optional<bus::Event> replaced;
    ASSERT_TRUE(eventually([&] {
        (void)bus.dispatch().value();
        auto const found = std::ranges::find(events, bus::Event::Kind::replaced, &bus::Event::kind);
        if (found != events.end()) replaced = *found;
        return replaced.has_value();
    }));
    EXPECT_EQ(replaced->object, "t");
    EXPECT_EQ(replaced->count, 3u) << "what it had not read yet";
    EXPECT_EQ(subscriber.lost(), 3u);
    ASSERT_EQ(subscriber.losses().size(), 1u);
    EXPECT_NE(subscriber.losses()[0].why.find("the broker took the ring away"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return publisher.publish(number(6)).error() == bus::Errc::closed; })) << "it does not talk to nobody";
    EXPECT_NE(publisher.publish(number(6)).error().hint(), "");
    auto again = broker.connect("again").value().publisher<Number>("t").value();
    ASSERT_TRUE(again.publish(number(7)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 7u);
}

TEST_F(Removed, ARingThatIsTakenAwayEndsTheWaitOfItsPublisherForRoom) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    auto other = broker.connect("other").value();
    auto publisher = other.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = patience()}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::atomic<bool> ended = false;
    std::jthread const flooding([&] {
        bus::Result<std::uint64_t> published = 0;
        while (published) published = publisher.publish(number(1));
        EXPECT_EQ(published.error(), bus::Errc::closed) << published.error().what();
        ended = true;
    });
    ASSERT_TRUE(eventually([&] { return bus::topic_detail("t", broker.options()).value().publishers.at(0).held_by != 0; }));
    broker.kill();
    ASSERT_TRUE(spoil_a_ring(broker.options()));
    broker.restart();
    EXPECT_TRUE(eventually([&] { return ended.load(); })) << "it waits for a reader that reads another ring by now";
    other.stop();
}

TEST_F(Removed, NothingIsLaidOutWhereARingCouldNotBeTrusted) {
    auto const spoiled = bus.publisher<Number>("spoiled", {.ring_bytes = 4096}).value();
    ASSERT_EQ(arenas(), 1u);
    broker.kill();
    ASSERT_TRUE(spoil_a_ring(broker.options()));
    broker.restart();
    // Its publisher has it mapped still, and may write there until it looks.
    auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096}).value();
    EXPECT_EQ(arenas(), 2u);
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    ASSERT_TRUE(publisher.publish(number(1)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 1u);
}
