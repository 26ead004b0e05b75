// The same campaigns over libraries with one fault each (wrong.py): each must be found. The control of memory_test.cpp: it could not fail
// otherwise.
#include <gtest/gtest.h>

#include <functional>

#include "campaigns.hpp"

namespace bus::test {

namespace {

std::string wrong_library(std::string const& fault) { return std::string(BUS_WRONG_LIBRARIES) + "/libbus-wrong-" + fault + ".so"; }

void expect_found(std::string const& fault, std::function<void(Lab& lab)> const& campaign) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    Lab lab(wrong_library(fault));
    campaign(lab);
    lab.print("with the fault '" + fault + "'");
    EXPECT_GT(lab.findings.count(), 0U) << "this campaign does not find what it is for";
}

}  // namespace

TEST(InstructionsOfAWrongLibrary, ShowACommitInFrontOfTheMessage) {
    expect_found("commit", [](Lab& lab) { walk_publishes(lab, 1, false); });
}

TEST(InstructionsOfAWrongLibrary, ShowACursorInFrontOfTheCopy) {
    expect_found("cursor", [](Lab& lab) { walk_receives(lab, 7); });
}

TEST(InstructionsOfAWrongLibrary, ShowAJoinThatDoesNotLookAtTheLimit) {
    expect_found("join", [](Lab& lab) { walk_joins(lab, 41); });
}

TEST(InstructionsOfAWrongLibrary, ShowALastLookInFrontOfFallingAsleep) {
    expect_found("sleep", [](Lab& lab) { walk_sleeps(lab, 4); });
}

TEST(InstructionsOfAWrongLibrary, ShowBellsInFrontOfTheCommit) {
    expect_found("wake", [](Lab& lab) { walk_wakes(lab, 7); });
}

}  // namespace bus::test
