// Processes, forks, keys, barriers.
#include "sys/process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <set>
#include <thread>

#include "support/child.hpp"
#include "support/role.hpp"
#include "sys/barrier.hpp"
#include "sys/fork_guard.hpp"
#include "sys/ipc_key.hpp"

namespace bus::test {

BUS_TEST_ROLE(bystander) {
    role.say("here");
    role.hear();
    return 0;
}

TEST(ProcessId, IsTheSameForOneProcessAndRunsUntilItsDeath) {
    auto child = run_role("bystander");
    ASSERT_TRUE(child.expect_line("here"));
    auto const id = sys::process_id(child.pid()).value();
    EXPECT_EQ(sys::process_id(child.pid()).value(), id);
    EXPECT_TRUE(sys::is_running(id));
    child.kill(SIGKILL);
    // A zombie is no running process, though its pid is still taken.
    EXPECT_TRUE(eventually([&] { return !sys::is_running(id); }));
    child.wait();
    EXPECT_FALSE(sys::is_running(id));
    EXPECT_EQ(sys::process_id(child.pid()).error(), Errc::not_found);
}

TEST(ProcessId, OfALaterProcessWithTheSamePidIsAnother) {
    auto own = sys::own_process_id().value();
    EXPECT_TRUE(sys::is_running(own));
    --own.start_ticks;
    EXPECT_FALSE(sys::is_running(own));
    EXPECT_EQ(sys::process_id(0).error(), Errc::invalid);
    EXPECT_EQ(sys::process_id(-1).error(), Errc::invalid);
}

TEST(ProcessId, IsReadThroughAnyNameAProcessGivesItself) {
    EXPECT_EQ(run_forked([] {
                  ::prctl(PR_SET_NAME, ") R 1 ) x");
                  auto const id = sys::own_process_id().value();
                  return sys::is_running(id) && id.start_ticks > 1000 && sys::program_name(id.pid) == ") R 1 ) x" ? 0 : 1;
              }),
              0);
}

TEST(Namespaces, DifferAfterUnshareAndBootIdDoesNot) {
    EXPECT_EQ(sys::boot_id().value().size(), 36U);
    auto const before = sys::ipc_namespace().value();
    EXPECT_EQ(sys::ipc_namespace().value(), before);
    EXPECT_NE(sys::pid_namespace().value(), 0U);
    BUS_REQUIRE_ROOT();
    EXPECT_EQ(run_forked([&] { return ::unshare(CLONE_NEWIPC) == 0 && sys::ipc_namespace().value() != before ? 0 : 1; }), 0);
}

TEST(Identity, IsThatOfThePlainUid) {
    EXPECT_EQ(sys::overflow_uid(), 65534U);
    EXPECT_NE(sys::program_name().find("sys_files"), std::string::npos) << sys::program_name();
    BUS_REQUIRE_ROOT();
    EXPECT_EQ(run_forked(
                  [] {
                      bool const right = sys::effective_uid() == kAliceUid && sys::effective_gid() == 500 &&
                                         sys::groups() == std::vector<gid_t>{7, 9, 500};
                      return right ? 0 : 1;
                  },
                  {.uid = kAliceUid, .gid = 500, .groups = {9, 7, 9}}),
              0);
}

TEST(Cpus, AreThoseThisThreadMayUse) {
    EXPECT_GE(sys::usable_cpus(), 1U);
    std::thread pinned([] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(sys::current_cpu()), &one);
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        EXPECT_EQ(sys::usable_cpus(), 1U);
    });
    pinned.join();
}

TEST(Random, KeysAndCookiesAreNeverEmptyAndDiffer) {
    std::set<key_t> keys;
    std::set<std::uint64_t> halves;
    for (int i = 0; i < 1000; ++i) {
        keys.insert(sys::random_key().value());
        halves.insert(sys::random_cookie().value().low);
    }
    EXPECT_GT(keys.size(), 990U);  // two of 1000 may be equal, once in ten thousand runs
    EXPECT_EQ(halves.size(), 1000U);
    EXPECT_FALSE(keys.contains(0));
    EXPECT_FALSE(keys.contains(-1));
}

TEST(ForkGuard, SeesEveryGenerationOfChildren) {
    sys::ForkGuard const ours;
    EXPECT_FALSE(ours.in_child());
    auto const own = sys::fork_generation();
    EXPECT_EQ(run_forked([&] {
                  if (!ours.in_child() || sys::fork_generation() == own) return 1;
                  sys::ForkGuard const childs;
                  if (childs.in_child()) return 2;
                  auto const grandchild = run_forked([&] { return ours.in_child() && childs.in_child() ? 0 : 1; });
                  return grandchild == 0 && !childs.in_child() ? 0 : 3;
              }),
              0);
    EXPECT_FALSE(ours.in_child());
    std::thread([&] { EXPECT_FALSE(ours.in_child()); }).join();
}

TEST(ForkGuard, SeesAChildMadeWithoutTheCLibrary) {
    sys::ForkGuard const ours;
    long const pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) ::_exit(ours.in_child() ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
    EXPECT_EQ(status, 0);
}

TEST(ProcessDescriptor, IsClosedInAForkedChildWhichMayReuseItsNumber) {
    auto pipe = sys::make_pipe().value();
    auto descriptor = std::optional(sys::ProcessDescriptor(std::move(pipe.read_end)));
    int const number = descriptor->fd();
    auto moved = std::optional(std::move(*descriptor));
    EXPECT_EQ(descriptor->fd(), -1);
    EXPECT_EQ(moved->fd(), number);
    EXPECT_EQ(run_forked([&] {
                  if (moved->fd() != -1 || ::fcntl(number, F_GETFD) != -1) return 1;
                  if (::dup2(pipe.write_end.fd(), number) != number) return 2;  // the child's own, by chance the same number
                  moved.reset();
                  return ::fcntl(number, F_GETFD) != -1 ? 0 : 3;
              }),
              0);
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
    moved.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Barrier, FencesAllWhoRegistered) {
    if (!sys::has_global_barrier()) GTEST_SKIP() << "no membarrier here";
    EXPECT_TRUE(sys::global_barrier());
    EXPECT_TRUE(sys::register_for_global_barrier());
    EXPECT_TRUE(sys::register_for_global_barrier());
    EXPECT_TRUE(sys::global_barrier());
}

}  // namespace bus::test
