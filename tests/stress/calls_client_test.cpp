// A client is killed at each entry and exit of a system call, and after each store to shared memory, of each operation that it does
// together with busd: nobody else notices, and nothing of it is left.
#include <gtest/gtest.h>

#include <csignal>

#include "calls_checks.hpp"
#include "calls_tally.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

constexpr long kBegins = 1, kEnds = 2;

// Stands where it is about to act.
Stepper start_victim(Operation const& operation) {
    Stepper stepper(start_forked(
        [&] {
            Actor actor;
            operation.prepare(actor);
            ::raise(SIGSTOP);
            mark(kBegins);
            operation.act(actor);
            mark(kEnds);
            return 0;
        },
        {.traced = true}));
    EXPECT_TRUE(stepper.run_to_mark(kBegins));
    return stepper;
}

class ClientCampaign {
public:
    explicit ClientCampaign(Operation const& operation) : operation_(operation), tally_(operation.name) {
        EXPECT_EQ(broker_.start(), "");
        bystander_.emplace();
        check();
        // The newcomer's ring goes when it is read out.
        EXPECT_TRUE(eventually([&] {
            bystander_->let_go();
            base_ = broker_.footprint();
            return base_ && base_->sessions == 1 && base_->rings == 2 && base_->topics == 2;
        }));
    }
    ~ClientCampaign() {
        bystander_.reset();
        expect_nothing_left(broker_);
    }

    void run() {
        tally_.each_target([this](Target const* target) {
            auto stepper = start_victim(operation_);
            KillPoints points(stepper, true);
            SCOPED_TRACE(tally_.walk(stepper, points, target, kEnds));
            stepper.kill();
            check();
        });
    }

private:
    void check() {
        EXPECT_EQ(bystander_->goes_on(), "");
        expect_base();
        EXPECT_EQ(newcomer(*bystander_), "");
        expect_base();
    }

    void expect_base() {
        if (base_) expect_footprint(broker_, *bystander_, base_, "at the beginning");
    }

    Operation const& operation_;
    Tally tally_;
    MortalBroker broker_;
    std::optional<Bystander> bystander_;
    std::optional<Footprint> base_;
};

}  // namespace

class ClientCalls : public ::testing::TestWithParam<Operation> {};

TEST_P(ClientCalls, KilledAtAnyPointLeavesNothingAndHindersNobody) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    ClientCampaign(GetParam()).run();
}

INSTANTIATE_TEST_SUITE_P(Operations, ClientCalls, ::testing::ValuesIn(operations()));

}  // namespace bus::test
