// A busd that was told to end (SIGTERM) is killed on its way, at each entry and exit of a system call, and after each store to shared
// memory: the next one serves, whatever it finds, and when that one ends nothing is left.
#include <gtest/gtest.h>

#include <csignal>

#include "calls_broker.hpp"
#include "calls_stage.hpp"
#include "calls_tally.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

class EndingCampaign {
public:
    ~EndingCampaign() { tally_.print(slice_); }

    void run() {
        round(std::nullopt);
        for (auto const& point : tally_.chosen(slice_)) {
            if (::testing::Test::HasFailure()) return;
            round(point);
        }
    }

private:
    // A bus of its own each time. Without a point: it ends by itself.
    void round(std::optional<KillPoint> const& wanted) {
        MortalBroker broker;
        ASSERT_EQ(broker.start(), "");
        auto actor = std::make_optional<Actor>();
        actor->open_all();
        auto stepper = broker.trace();
        ::kill(stepper.child().pid(), SIGTERM);
        KillPoints points(stepper);
        auto const here = wanted ? points.run_to(*wanted) : look_at_whole_run(stepper, points);
        SCOPED_TRACE("ending, killed at " + (here ? text_of(*here) : "its end"));
        here ? tally_.kills(stepper, *here) : tally_.kills_at_end();
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
        EXPECT_TRUE(eventually([&] { return broker.footprint()->sessions == 0; }));
        EXPECT_TRUE(broker.stop());
        EXPECT_EQ(ipc_objects().size(), 0U);
        EXPECT_EQ(broker.left_files(), std::vector<std::string>{});
    }

    std::optional<KillPoint> look_at_whole_run(Stepper& stepper, KillPoints& points) {
        points.watch_stores(true);
        while (auto const point = points.next()) tally_.found(stepper, *point);
        return std::nullopt;
    }

    Slice slice_ = Slice::from_environment();
    Tally tally_{"end"};
};

}  // namespace

TEST(BrokerEnd, KilledAtAnyPointOfItNothingIsLeftByTheNext) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    EndingCampaign().run();
}

}  // namespace bus::test
