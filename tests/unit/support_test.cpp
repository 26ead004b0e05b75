// The test support itself: a check that can't fail is no check.
#include <gtest/gtest.h>
#include <sys/msg.h>
#include <unistd.h>

#include <algorithm>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"
#include "support/stepper.hpp"
#include "support/temporary_directory.hpp"

namespace bus::test {

namespace {

std::string own_program() {
    char path[4096] = {};
    return ::readlink("/proc/self/exe", path, sizeof path - 1) > 0 ? path : "";
}

/// Runs one test case of this program that is left out otherwise.
Output run_disabled_test(std::string const& name) {
    return run_program(own_program(), {"--gtest_also_run_disabled_tests", "--gtest_filter=" + name}, {.env = {"GTEST_OUTPUT"}});
}

[[gnu::noinline]] void waste(int rounds) {
    for (int i = 0; i < rounds; ++i) asm volatile("nop\n\tnop\n\tnop\n\tnop");
}

}  // namespace

BUS_TEST_ROLE(echo) {
    while (auto const line = role.hear()) role.say(*line + " from " + std::to_string(::geteuid()));
    return 7;
}

BUS_TEST_ROLE(marked) {
    auto const rounds = static_cast<int>(role.number(0));
    mark(1);
    waste(rounds);
    mark(2);
    for (int i = 0; i < rounds; ++i) ::getppid();
    mark(3);
    role.say("passed");
    return 0;
}

// Left out of ordinary runs: it is the one that fails.
TEST(DISABLED_Leaky, LeavesAQueueBehind) { ASSERT_GE(::msgget(IPC_PRIVATE, 0600), 0); }
TEST(DISABLED_Leaky, LeavesNothingBehind) {
    int const id = ::msgget(IPC_PRIVATE, 0600);
    ASSERT_EQ(::msgctl(id, IPC_RMID, nullptr), 0);
}

TEST(LeakCheck, FailsATestThatLeavesAQueue) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    auto const output = run_disabled_test("DISABLED_Leaky.LeavesAQueueBehind");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.out.find("DISABLED_Leaky.LeavesAQueueBehind left queue 0"), std::string::npos) << output.out;
    EXPECT_NE(output.out.find("[  FAILED  ] DISABLED_Leaky.LeavesAQueueBehind"), std::string::npos) << output.out;
}

TEST(LeakCheck, LetsATestPassThatCleansUp) { EXPECT_EQ(run_disabled_test("DISABLED_Leaky.LeavesNothingBehind").status, 0); }

TEST(LeakCheck, KeepsWhatAProgramLeavesAwayFromTheNamespaceItWasStartedIn) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    int const ours = ::msgget(IPC_PRIVATE, 0600);  // so that there is something to see
    auto const before = ipc_objects();
    ASSERT_EQ(before.size(), 1U);
    (void)run_disabled_test("DISABLED_Leaky.LeavesAQueueBehind");
    EXPECT_EQ(ipc_objects(), before);
    ASSERT_EQ(::msgctl(ours, IPC_RMID, nullptr), 0);
}

TEST(IpcNamespace, TakesLimitsOfItsOwn) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    SysctlGuard const few("kernel.msgmni", "1");
    if (!few.ok()) GTEST_SKIP() << "kernel.msgmni can't be changed here";
    int const first = ::msgget(IPC_PRIVATE, 0600);
    EXPECT_GE(first, 0);
    EXPECT_EQ(::msgget(IPC_PRIVATE, 0600), -1);
    EXPECT_EQ(errno, ENOSPC);
    ::msgctl(first, IPC_RMID, nullptr);
}

TEST(Child, TalksLineByLineAndReturnsItsStatus) {
    auto child = run_role("echo");
    child.send_line("hello");
    EXPECT_TRUE(child.expect_line("hello from " + std::to_string(::geteuid())));
    child.close_input();
    EXPECT_TRUE(child.expect_end());
    EXPECT_EQ(child.wait(), 7);
}

TEST(Child, RunsAsAPlainUid) {
    BUS_REQUIRE_ROOT();
    auto child = run_role("echo", {}, {.uid = kAliceUid});
    child.send_line("hello");
    EXPECT_TRUE(child.expect_line("hello from " + std::to_string(kAliceUid)));
}

TEST(Child, ThatIsKilledSaysBySignal) {
    auto child = run_role("echo");
    child.kill(SIGKILL);
    EXPECT_EQ(child.wait().signal, SIGKILL);
}

TEST(Child, DiesWithItsParent) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    auto const middle = run_forked([&] {
        auto child = run_role("echo");
        auto const pid = child.pid();
        if (::write(pipe_ends[1], &pid, sizeof pid) != sizeof pid) return 1;
        ::_exit(0);  // no destructor: as if killed
    });
    EXPECT_EQ(middle, 0);
    pid_t grandchild = 0;
    ASSERT_EQ(::read(pipe_ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
    // It may stay a zombie where nobody reaps orphans.
    auto const gone = [&] {
        FILE* const file = std::fopen(("/proc/" + std::to_string(grandchild) + "/stat").c_str(), "re");
        if (file == nullptr) return true;
        char state = '?';
        int const read = std::fscanf(file, "%*d (%*[^)]) %c", &state);
        std::fclose(file);
        return read != 1 || state == 'Z';
    };
    EXPECT_TRUE(eventually(gone));
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
}

TEST(Child, EnvironmentIsAddedAndTakenOut) {
    auto const output = run_program("/usr/bin/env", {}, {.env = {"BUS_TEST_COLOUR=green", "PATH"}});
    EXPECT_EQ(output.status, 0);
    EXPECT_NE(output.out.find("BUS_TEST_COLOUR=green\n"), std::string::npos);
    EXPECT_EQ(output.out.find("\nPATH="), std::string::npos);
}

TEST(RuntimeDirectory, IsInTheEnvironmentAndGoneAfterwards) {
    std::string path;
    {
        RuntimeDirectory const folder;
        path = folder.path();
        EXPECT_STREQ(::getenv("BUS_RUNTIME_DIR"), path.c_str());
        EXPECT_TRUE(std::filesystem::is_directory(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Eventually, GivesUpWhenTheConditionNeverHolds) {
    int asked = 0;
    EXPECT_FALSE(eventually([&] { return ++asked < 0; }, std::chrono::milliseconds(20)));
    EXPECT_GT(asked, 1);
}

TEST(Stepper, CountsTheInstructionsOfALoopExactly) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    auto const count = [](int rounds) {
        Stepper stepper("marked", {std::to_string(rounds)});
        EXPECT_TRUE(stepper.run_to_mark(1));
        return stepper.step_to_mark(2).value_or(0);
    };
    auto const ten = count(10), twenty = count(20), thirty = count(30);
    EXPECT_GE(ten, 40U);  // four nops a round and the loop around them
    EXPECT_GE(twenty - ten, 40U);
    EXPECT_EQ(thirty - twenty, twenty - ten);
}

TEST(Stepper, CountsSystemCallsBetweenTwoMarks) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no ptrace here";
    Stepper stepper("marked", {"25"});
    ASSERT_TRUE(stepper.run_to_mark(1));
    auto const none = stepper.count_syscalls_to_mark(2);
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
    auto const some = stepper.count_syscalls_to_mark(3);
    ASSERT_TRUE(some);
    EXPECT_EQ(some->size(), 1U);
    EXPECT_EQ(some->at(SYS_getppid), 25U);
    stepper.detach();
    EXPECT_TRUE(stepper.child().expect_line("passed"));
}

TEST(Stepper, KillsBetweenTwoInstructions) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "no single steps here";
    Stepper stepper("marked", {"1000"});
    ASSERT_TRUE(stepper.run_to_mark(1));
    std::uint64_t steps = 0;
    EXPECT_EQ(stepper.step_to_mark(2, [&](std::uint64_t) { return ++steps < 17; }), 17U);
    stepper.kill();
    EXPECT_EQ(stepper.status().signal, SIGKILL);
    EXPECT_TRUE(stepper.child().expect_end());
}

}  // namespace bus::test
