// busd is killed at each entry and exit of a system call, and after each store to shared memory, while it does what a client asks for,
// buries a client, or hands over: the next one does it, once.
#include <gtest/gtest.h>

#include <csignal>
#include <future>

#include "calls_checks.hpp"
#include "calls_tally.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 30ms;  // who waits so long for the next thing has none to do; a slow machine only makes the run longer

class BrokerCampaign {
public:
    explicit BrokerCampaign(Operation const& operation) : operation_(operation), tally_(operation.name) {
        EXPECT_EQ(broker_.start(), "");
        bystander_.emplace();
        base_ = broker_.footprint();
    }
    ~BrokerCampaign() {
        bystander_.reset();
        expect_nothing_left(broker_);
    }

    void run() {
        look_at_its_effect();
        tally_.each_target([this](Target const* target) { round(target); });
    }

private:
    // Undisturbed: this is what there has to be after each death.
    void look_at_its_effect() {
        Actor actor;
        operation_.prepare(actor);
        if (!operation_.ends_broker) operation_.act(actor);
        std::optional<Footprint> now;
        EXPECT_TRUE(eventually([&] {
            bystander_->let_go();
            bystander_->wait_for_busd();
            after_ = std::exchange(now, broker_.footprint());
            return after_ == now;
        }));
        EXPECT_EQ(try_out(actor, *bystander_), "");
        actor.leave();
        expect(base_, "at the beginning");
    }

    void round(Target const* target) {
        Actor actor;
        operation_.prepare(actor);
        actor.broker = broker_.pid();
        auto const generation = broker_.generation();
        auto stepper = broker_.trace();
        KillPoints points(stepper);
        auto acted = std::async(std::launch::async, [&] { operation_.act(actor); });
        auto const is_done = [&] { return acted.wait_for(0s) == std::future_status::ready; };
        points.end_when([&](KillPoint const& point) {
            bool const waits =
                point.kind == KillPoint::Kind::entry && (point.syscall == SYS_epoll_wait || point.syscall == SYS_epoll_pwait2);
            return waits && is_done() && !stepper.stops_within(kIdle);
        });
        SCOPED_TRACE(tally_.walk(stepper, points, target));
        stepper.kill();
        EXPECT_EQ(broker_.unnamed_objects(), std::vector<std::string>{});
        EXPECT_EQ(bystander_->goes_on(), "") << "without a busd";
        expect_adopted(broker_, generation);
        check(actor, acted);
    }

    void check(Actor& actor, std::future<void>& acted) {
        try {
            acted.get();
        } catch (std::exception const& problem) {
            ADD_FAILURE() << "the client was not served: " << problem.what();
        }
        expect(after_, "after it in a run that nobody disturbed");
        EXPECT_EQ(bystander_->goes_on(), "");
        EXPECT_EQ(try_out(actor, *bystander_), "");
        actor.leave();
        expect(base_, "at the beginning");
    }

    void expect(std::optional<Footprint> const& wanted, char const* when) { expect_footprint(broker_, *bystander_, wanted, when); }

    Operation const& operation_;
    Tally tally_;
    MortalBroker broker_;
    std::optional<Bystander> bystander_;
    std::optional<Footprint> base_, after_;
};

}  // namespace

class BrokerCalls : public ::testing::TestWithParam<Operation> {};

TEST_P(BrokerCalls, BrokenOffByItsDeathAreDoneOnceByTheNext) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    BrokerCampaign(GetParam()).run();
}

INSTANTIATE_TEST_SUITE_P(Operations, BrokerCalls, ::testing::ValuesIn(operations()));
INSTANTIATE_TEST_SUITE_P(Alone, BrokerCalls, ::testing::ValuesIn(operations_of_broker()));

}  // namespace bus::test
