// Every instruction of the operations in memory: whoever stops or dies there leaves whole, committed messages, and nobody waits for ever.
// BUS_STRESS=10 walks all of it, otherwise a quick slice; BUS_SEED chooses the messages.
#include <gtest/gtest.h>

#include "campaigns.hpp"

namespace bus::test {

TEST(InstructionsInMemory, OfAPublishShowCommittedWholeMessagesOnly) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    Lab lab;
    walk_publishes(lab, is_whole_run() ? 30 : 1);
    lab.print("publish");
    EXPECT_EQ(lab.findings.count(), 0U) << lab.findings.text();
}

TEST(InstructionsInMemory, OfAReceiveGiveNothingUpThatIsNotRead) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    Lab lab;
    walk_receives(lab, is_whole_run() ? 1 : 23);
    lab.print("receive");
    EXPECT_EQ(lab.findings.count(), 0U) << lab.findings.text();
}

}  // namespace bus::test
