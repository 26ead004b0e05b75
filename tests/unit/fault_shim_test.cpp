// System calls that fail on demand, in the test and in libbus.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/child.hpp"
#include "support/fault_shim.hpp"
#include "support/role.hpp"
#include "sys/barrier.hpp"
#include "sys/file.hpp"
#include "sys/ipc_key.hpp"
#include "sys/shared_segment.hpp"

namespace bus::test {

BUS_TEST_ROLE(maker) {
    std::string said = "made";
    if (auto const made = sys::OwnedSegment::create({.key = sys::random_key().value(), .size_bytes = 4096}); !made)
        said = made.error().what();
    role.say(said);
    return 0;
}

TEST(FaultShim, FailsTheChosenCallOfTheLibraryAndNoOther) {
    fault::Scope const scope;
    fault::fail("shmget", 2, ENOSPC);
    EXPECT_TRUE(sys::OwnedSegment::create({.key = 1, .size_bytes = 4096}));
    auto const second = sys::OwnedSegment::create({.key = 1, .size_bytes = 4096});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), Errc::limit);
    EXPECT_EQ(second.error().detail(), ENOSPC);
    EXPECT_TRUE(fault::struck());
    EXPECT_TRUE(sys::OwnedSegment::create({.key = 1, .size_bytes = 4096}));
    EXPECT_EQ(fault::calls("shmget"), 3U);
}

TEST(FaultShim, FailsCallsOfVariableArgumentsToo) {
    fault::Scope const scope;
    fault::fail("openat", 1, EMFILE);
    auto const file = sys::open_file("/dev/null", O_RDONLY);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error(), Errc::limit);
    EXPECT_TRUE(sys::open_file("/dev/null", O_RDONLY));
}

TEST(FaultShim, ReachesWhatGoesThroughSyscall) {
    fault::Scope const scope;
    fault::fail("syscall", 1, EPERM);
    auto const fenced = sys::global_barrier();
    ASSERT_FALSE(fenced);
    EXPECT_EQ(fenced.error(), Errc::not_permitted);
}

TEST(FaultShim, StrikesAChildByItsEnvironment) {
    auto child = run_role("maker", {}, {.env = {"BUS_FAULT=shmget:1:" + std::to_string(ENOSPC)}});
    auto const line = child.read_line();
    ASSERT_TRUE(line);
    EXPECT_NE(line->find("ENOSPC"), std::string::npos) << *line;
    EXPECT_EQ(child.wait(), 0);
    EXPECT_TRUE(run_role("maker", {}, {.env = {"BUS_FAULT=shmget:2:" + std::to_string(ENOSPC)}}).expect_line("made"));
}

TEST(FaultShim, FailsEachCallOfAScenarioInTurn) {
    unsigned failures = 0, checks = 0;
    auto const total = fault::fail_each_in_turn(
        "shmctl", EPERM,
        [&] {
            int const id = ::shmget(IPC_PRIVATE, 4096, 0600);
            sys::Segment const segment(id);
            if (!segment.stat()) ++failures;
            if (!segment.stat()) ++failures;
            while (!segment.remove()) ++failures;
        },
        [&](unsigned nth) { EXPECT_EQ(nth, ++checks); });
    EXPECT_EQ(total, 3U);
    EXPECT_EQ(checks, 3U);
    EXPECT_EQ(failures, 3U);
}

}  // namespace bus::test
