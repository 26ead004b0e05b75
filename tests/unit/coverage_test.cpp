// What the coverage of a stepped process says: checked on a loop and a branch that is never taken.
#include "support/coverage.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/role.hpp"
#include "support/stepper.hpp"

namespace bus::test {

namespace {

[[gnu::noinline]] void go_round(int rounds) {
    for (int i = 0; i < rounds; ++i) {
        if (i == 1000) asm volatile("pause\n\tpause\n\tpause");
        asm volatile("mfence\n\tmfence");
    }
}

Coverage covered(int rounds) {
    Coverage coverage({"/unit-coverage"});
    Stepper stepper("covered", {std::to_string(rounds)});
    EXPECT_TRUE(stepper.run_to_mark(1));
    ModuleMap map(stepper.child().pid());
    stepper.step_to_mark(2, [&](std::uint64_t at) {
        coverage.count(map, "loop", rounds > 10 ? "long" : "short", at);
        return true;
    });
    return coverage;
}

}  // namespace

BUS_TEST_ROLE(covered) {
    auto const rounds = static_cast<int>(role.number(0));
    mark(1);
    go_round(rounds);
    mark(2);
    return 0;
}

TEST(Coverage, CountsAnAddressOnceHoweverOftenItIsReached) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    auto const few = covered(5), many = covered(50);
    EXPECT_GT(many.states(), few.states() + 45 * 2);
    EXPECT_EQ(many.distinct(), few.distinct());
    EXPECT_EQ(few.states("loop"), few.states());
    EXPECT_EQ(few.states("another"), 0U);
}

TEST(Coverage, NamesWhereItNeverStopped) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    auto const report = covered(5).report();
    if (report.find("objdump does not read") != std::string::npos) GTEST_SKIP() << report;
    auto const at = report.find("go_round: ");
    ASSERT_NE(at, std::string::npos) << report;
    auto const never = std::atoi(report.c_str() + at + 10);
    EXPECT_GE(never, 3) << report;  // the branch that is not taken
    EXPECT_LT(never, 8) << report;
}

}  // namespace bus::test
