// Texts of failed calls, EINTR and deadlines.
#include "sys/syscall.hpp"

#include <gtest/gtest.h>
#include <sys/sem.h>

#include <cerrno>

#include "support/ipc_namespace.hpp"
#include "sys/semaphore_set.hpp"
#include "sys/shared_segment.hpp"

namespace bus::test {

using namespace std::chrono_literals;

TEST(CallFailed, NamesObjectCallArgumentsAndCause) {
    auto const error = sys::call_failed(EACCES, "shmat", "7, read-write", "ring of robot/pose");
    EXPECT_EQ(error.what(), "ring of robot/pose: shmat(7, read-write) failed: EACCES, Permission denied");
    EXPECT_EQ(error, Errc::not_permitted);
    EXPECT_EQ(error.detail(), EACCES);
}

TEST(CallFailed, MapsErrnosToWhatTheyMeanHere) {
    EXPECT_EQ(sys::errc_of(EPERM), Errc::not_permitted);
    EXPECT_EQ(sys::errc_of(ENOENT), Errc::not_found);
    EXPECT_EQ(sys::errc_of(EIDRM), Errc::not_found);
    EXPECT_EQ(sys::errc_of(EEXIST), Errc::conflict);
    EXPECT_EQ(sys::errc_of(ENOSPC), Errc::limit);
    EXPECT_EQ(sys::errc_of(EMFILE), Errc::limit);
    EXPECT_EQ(sys::errc_of(EAGAIN), Errc::would_block);
    EXPECT_EQ(sys::errc_of(EPIPE), Errc::closed);
    EXPECT_EQ(sys::errc_of(E2BIG), Errc::too_large);
    EXPECT_EQ(sys::errc_of(EINVAL), Errc::invalid);
    EXPECT_EQ(sys::errc_of(EBADF), Errc::io);
    EXPECT_EQ(sys::errno_name(ENOSPC), "ENOSPC");
    EXPECT_EQ(sys::errno_name(4711), "errno 4711");
}

TEST(LimitHint, TellsTheValueOfTheLimitAndHowToRaiseIt) {
    SysctlGuard const few("kernel.shmmni", "321");
    if (!few.ok()) GTEST_SKIP() << "kernel.shmmni can't be changed here";
    auto const hint = sys::limit_hint("shmget", ENOSPC);
    EXPECT_NE(hint.find("kernel.shmmni is 321, the shared memory segments; to raise it: sysctl -w kernel.shmmni=642"), std::string::npos)
        << hint;
    EXPECT_NE(hint.find("; or kernel.shmall is "), std::string::npos) << hint;
}

TEST(LimitHint, PicksTheRightOneOfTheFourNumbersOfKernelSem) {
    SysctlGuard const few("kernel.sem", "32000 1024000000 500 77");
    if (!few.ok()) GTEST_SKIP() << "kernel.sem can't be changed here";
    auto const hint = sys::limit_hint("semget", ENOSPC);
    EXPECT_NE(
        hint.find("kernel.sem (fourth number) is 77, the semaphore sets; to raise it: sysctl -w kernel.sem='32000 1024000000 500 154'"),
        std::string::npos)
        << hint;
    EXPECT_NE(sys::limit_hint("semtimedop", E2BIG).find("third number) is 500"), std::string::npos);
    EXPECT_NE(sys::limit_hint("semop", ERANGE).find("32767"), std::string::npos);
}

TEST(LimitHint, NamesTheDescriptorsOfTheProcessForEveryCall) {
    EXPECT_NE(sys::limit_hint("eventfd", EMFILE).find("RLIMIT_NOFILE"), std::string::npos);
    EXPECT_NE(sys::limit_hint("pipe2", ENFILE).find("fs.file-max is "), std::string::npos);
    EXPECT_EQ(sys::limit_hint("shmat", EACCES), "");
}

TEST(Numbers, LookAsInIpcs) {
    EXPECT_EQ(sys::hex(0x1f), "0x0000001f");
    EXPECT_EQ(sys::hex(0xdeadbeef), "0xdeadbeef");
    EXPECT_EQ(sys::octal(0644), "0644");
    EXPECT_EQ(sys::octal(0), "0000");
}

TEST(Retry, CallsAgainAfterASignalAndStopsAtAnyOtherAnswer) {
    int calls = 0;
    EXPECT_EQ(sys::retry([&] {
                  errno = EINTR;
                  return ++calls < 3 ? -1 : 5;
              }),
              5);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(sys::retry([&] {
                  ++calls;
                  errno = EAGAIN;
                  return -1;
              }),
              -1);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(errno, EAGAIN);
}

TEST(RetryUntil, GivesEachCallOnlyWhatIsLeft) {
    sys::Duration last = 1h;
    int calls = 0;
    auto const deadline = sys::deadline_after(10s);
    (void)sys::retry_until(deadline, [&](timespec const* rest) {
        auto const left = std::chrono::seconds(rest->tv_sec) + std::chrono::nanoseconds(rest->tv_nsec);
        EXPECT_LT(left, last);
        last = left;
        errno = EINTR;
        return ++calls < 5 ? -1 : 0;
    });
    EXPECT_EQ(calls, 5);
}

TEST(RetryUntil, WaitsForeverWithoutATimeoutAndNotAtAllAfterTheDeadline) {
    (void)sys::retry_until(sys::kForever, [](timespec const* rest) {
        EXPECT_EQ(rest, nullptr);
        return 0;
    });
    (void)sys::retry_until(sys::Deadline{}, [](timespec const* rest) {
        EXPECT_EQ(rest->tv_sec, 0);
        EXPECT_EQ(rest->tv_nsec, 0);
        return 0;
    });
}

TEST(Deadline, NeverOverflows) {
    EXPECT_EQ(sys::deadline_after(sys::Duration::max()), sys::kForever);
    EXPECT_EQ(sys::deadline_from(sys::Deadline(5ns), sys::Duration::max()), sys::kForever);
    EXPECT_EQ(sys::deadline_from(sys::Deadline(5ns), -1h), sys::Deadline(5ns));
    EXPECT_EQ(sys::deadline_from(sys::Deadline(5ns), sys::Duration::min()), sys::Deadline(5ns));
    EXPECT_EQ(sys::deadline_from(sys::Deadline(5ns), 7ns), sys::Deadline(12ns));
    EXPECT_EQ(sys::remaining(sys::kForever), sys::Duration::max());
    EXPECT_EQ(sys::remaining(sys::Deadline{}), sys::Duration::zero());
    EXPECT_FALSE(sys::has_passed(sys::kForever));
    EXPECT_TRUE(sys::has_passed(sys::steady_now()));
}

TEST(Deadline, BecomesATimeoutTheKernelTakes) {
    EXPECT_EQ(sys::to_timespec(1500ms).tv_sec, 1);
    EXPECT_EQ(sys::to_timespec(1500ms).tv_nsec, 500'000'000);
    auto const longest = sys::to_timespec(sys::Duration::max());
    EXPECT_GT(longest.tv_sec, 1'000'000'000);
    EXPECT_LT(longest.tv_nsec, 1'000'000'000);
}

TEST(KernelLimits, ThatAreReachedAreNamed) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    SysctlGuard const segments("kernel.shmmni", "1");
    SysctlGuard const sets("kernel.sem", "4 8 500 1");
    if (!segments.ok() || !sets.ok()) GTEST_SKIP() << "limits can't be changed here";

    auto const first = sys::OwnedSegment::create({.key = 10, .size_bytes = 4096});
    auto const second = sys::OwnedSegment::create({.key = 11, .size_bytes = 4096});
    ASSERT_TRUE(first);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), Errc::limit);
    EXPECT_EQ(second.error().detail(), ENOSPC);
    EXPECT_NE(second.error().what().find("shmget(key 0x0000000b, 4096 bytes, mode 0600) failed: ENOSPC"), std::string::npos);
    EXPECT_NE(second.error().hint().find("kernel.shmmni is 1,"), std::string::npos);

    sys::SemaphoreValue const five[5] = {};
    auto const too_many = sys::OwnedSemaphoreSet::create(10, five, 0600);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error(), Errc::too_large);
    EXPECT_NE(too_many.error().hint().find("kernel.sem (first number) is 4"), std::string::npos) << too_many.error().hint();
    auto const set = sys::OwnedSemaphoreSet::create(10, std::span(five, 1), 0600);
    auto const one_more = sys::OwnedSemaphoreSet::create(11, std::span(five, 1), 0600);
    ASSERT_TRUE(set);
    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error(), Errc::limit);
    EXPECT_NE(one_more.error().hint().find("kernel.sem (fourth number) is 1"), std::string::npos) << one_more.error().hint();
}

}  // namespace bus::test
