// Everything in the IPC namespace is removed under a publisher, a subscriber and busd, as by `ipcrm -a`: how soon messages come again.
// Printed, not judged. BUS_STRESS=N makes it N times as many; 10 are those of docs/reliability.md.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "support/child.hpp"
#include "support/durations.hpp"
#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

std::uint64_t now_ns() { return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); }

/// Publishes the time, about once a millisecond, whatever becomes of its bus. Ends when its input ends.
BUS_TEST_ROLE(steady) {
    auto bus = connect(role, "steady");
    auto publisher = bus.publisher<Number>("steady").value();
    role.say("ready");
    for (;;) {
        (void)publisher.publish(number(now_ns()));
        (void)eventually([] { return false; }, 1ms);
    }
}

TEST(Figures, OfAllObjectsRemovedInTraffic) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    char const* const factor = std::getenv("BUS_STRESS");
    int const rounds = 10 * (factor == nullptr ? 1 : std::max(1, std::atoi(factor)));
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("reader").value();
    auto subscriber = bus.subscriber<Number>("steady", {.reliable = true}).value();
    auto steady = run_role("steady", on(broker));
    ASSERT_TRUE(steady.expect_line("ready"));
    Durations back;
    for (int round = 0; round < rounds; ++round) {
        ASSERT_TRUE(subscriber.receive_for(patience()));
        remove_ipc_objects();
        auto const removed_ns = now_ns();
        Stopwatch const watch;
        for (;;) {
            auto const sample = subscriber.receive_for(patience());
            ASSERT_TRUE(sample) << "round " << round << ": " << sample.error().what();
            if (sample->message().value() > removed_ns) break;
        }
        back.add(watch.elapsed());
    }
    EXPECT_EQ(::kill(steady.pid(), 0), 0) << "the publisher died of it";
    steady.kill(SIGKILL);
    (void)steady.wait();
    back.print("from the removal of all objects to the first message published after it", "1 s");
}

}  // namespace
