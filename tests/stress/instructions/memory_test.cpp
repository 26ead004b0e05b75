// Every instruction of the operations in memory: whoever stops or dies there leaves whole, committed messages, and nobody waits for ever.
// BUS_STRESS=10 walks all of it, otherwise a quick slice; BUS_SEED chooses the messages.
#include <gtest/gtest.h>

#include <functional>

#include "campaigns.hpp"

namespace bus::test {

namespace {

/// Runs one campaign, prints what it covered; nothing may be found.
void expect_nothing_found(std::string const& operation, std::function<void(Lab& lab)> const& campaign) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here: another processor than x86-64, or ptrace is forbidden";
    Lab lab;
    campaign(lab);
    lab.print(operation);
    EXPECT_EQ(lab.findings.count(), 0U) << lab.findings.text();
}

}  // namespace

TEST(InstructionsInMemory, OfAPublishShowCommittedWholeMessagesOnly) {
    expect_nothing_found("publish", [](Lab& lab) { walk_publishes(lab, is_whole_run() ? 16 : 1, is_whole_run()); });
}

TEST(InstructionsInMemory, OfAReceiveGiveNothingUpThatIsNotRead) {
    expect_nothing_found("receive", [](Lab& lab) { walk_receives(lab, is_whole_run() ? 1 : 47); });
}

TEST(InstructionsInMemory, OfAJoinLoseNothingBehindTheFirstMessage) {
    expect_nothing_found("join", [](Lab& lab) { walk_joins(lab, is_whole_run() ? 1 : 397); });
}

TEST(InstructionsInMemory, OfFallingAsleepLoseNoWakeUp) {
    expect_nothing_found("sleep", [](Lab& lab) { walk_sleeps(lab, is_whole_run() ? 1 : 41); });
}

TEST(InstructionsInMemory, OfAPublishWakeWhoeverFallsAsleepMeanwhile) {
    expect_nothing_found("wake", [](Lab& lab) { walk_wakes(lab, is_whole_run() ? 1 : 29); });
}

}  // namespace bus::test
