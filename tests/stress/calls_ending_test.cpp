// A busd that was told to end (SIGTERM) is killed on its way, at each entry and exit of a system call, and after each store to shared
// memory: the next one serves, whatever it finds, and when that one ends nothing is left.
#include <gtest/gtest.h>

#include <csignal>

#include "calls_checks.hpp"
#include "calls_tally.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

class EndingCampaign {
public:
    void run() {
        tally_.each_target([this](Target const* target) { round(target); });
    }

private:
    // On a bus of its own each time.
    void round(Target const* target) {
        MortalBroker broker;
        ASSERT_EQ(broker.start(), "");
        auto actor = std::make_optional<Actor>();
        actor->open_all();
        auto stepper = broker.trace();
        ::kill(stepper.child().pid(), SIGTERM);
        KillPoints points(stepper);
        SCOPED_TRACE(tally_.walk(stepper, points, target));
        stepper.kill();
        EXPECT_EQ(broker.unnamed_objects(), std::vector<std::string>{});
        ASSERT_EQ(broker.start(), "");
        // Told that it has ended, or on a bus that goes on: it must not wait.
        (void)actor->publisher->publish(std::string_view("after the end"));
        actor.reset();
        {
            Bystander bystander;
            EXPECT_EQ(newcomer(bystander), "");
            EXPECT_EQ(bystander.goes_on(), "");
        }
        expect_nothing_left(broker);
    }

    Tally tally_{"end (SIGTERM)"};
};

}  // namespace

TEST(BrokerEnd, KilledAtAnyPointOfItNothingIsLeftByTheNext) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    EndingCampaign().run();
}

}  // namespace bus::test
