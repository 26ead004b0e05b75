// Waiting for descriptors and signals.
#include "sys/poller.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "support/child.hpp"
#include "support/fault_shim.hpp"
#include "support/signal_storm.hpp"
#include "support/temporary_directory.hpp"
#include "sys/event_fd.hpp"
#include "sys/signal_fd.hpp"

namespace bus::test {

using namespace std::chrono_literals;

TEST(EventFd, IsReadableFromPokeToDrain) {
    auto const event = sys::EventFd::create().value();
    EXPECT_FALSE(event.drain());
    event.poke();
    event.poke();
    EXPECT_EQ(sys::poll_until(event.fd(), POLLIN, sys::Deadline{}).value(), POLLIN);
    EXPECT_TRUE(event.drain());
    EXPECT_FALSE(event.drain());
    EXPECT_EQ(sys::poll_until(event.fd(), POLLIN, sys::Deadline{}).error(), Errc::timeout);
}

TEST(EventFd, PokeKeepsErrnoAndIsSafeInASignalHandler) {
    static auto const event = sys::EventFd::create().value();
    auto const old = ::signal(SIGUSR1, [](int) { event.poke(); });
    errno = ENOTTY;
    ::raise(SIGUSR1);
    EXPECT_EQ(errno, ENOTTY);
    ::signal(SIGUSR1, old);
    EXPECT_TRUE(event.drain());
}

TEST(Poller, TellsByTagWhatIsReady) {
    auto poller = sys::Poller::create().value();
    auto const first = sys::EventFd::create().value(), second = sys::EventFd::create().value();
    ASSERT_TRUE(poller.add(first.fd(), EPOLLIN, 11));
    ASSERT_TRUE(poller.add(second.fd(), EPOLLIN, 22));
    std::array<sys::Poller::Ready, 4> ready{};
    EXPECT_EQ(poller.try_wait(ready).value(), 0U);
    second.poke();
    ASSERT_EQ(poller.wait_until(ready, sys::kForever).value(), 1U);
    EXPECT_EQ(ready[0].tag, 22U);
    EXPECT_EQ(ready[0].events, static_cast<std::uint32_t>(EPOLLIN));
    EXPECT_EQ(poller.try_wait(ready).value(), 1U);  // level-triggered
    first.poke();
    EXPECT_EQ(poller.try_wait(ready).value(), 2U);
    EXPECT_EQ(poller.try_wait(std::span(ready).first(1)).value(), 1U);
    ASSERT_TRUE(poller.remove(second.fd()));
    ASSERT_TRUE(poller.modify(first.fd(), EPOLLIN, 33));
    ASSERT_EQ(poller.try_wait(ready).value(), 1U);
    EXPECT_EQ(ready[0].tag, 33U);
}

TEST(Poller, CanItselfBeWaitedFor) {
    auto inner = sys::Poller::create().value();
    auto const event = sys::EventFd::create().value();
    ASSERT_TRUE(inner.add(event.fd(), EPOLLIN, 1));
    EXPECT_EQ(sys::poll_until(inner.fd(), POLLIN, sys::Deadline{}).error(), Errc::timeout);
    event.poke();
    EXPECT_EQ(sys::poll_until(inner.fd(), POLLIN, sys::Deadline{}).value(), POLLIN);
}

TEST(Poller, RefusesWithTheReason) {
    auto poller = sys::Poller::create().value();
    auto const event = sys::EventFd::create().value();
    ASSERT_TRUE(poller.add(event.fd(), EPOLLIN, 1));
    EXPECT_EQ(poller.add(event.fd(), EPOLLIN, 1).error(), Errc::conflict);
    ASSERT_TRUE(poller.remove(event.fd()));
    EXPECT_EQ(poller.remove(event.fd()).error(), Errc::not_found);
    TemporaryDirectory const folder;
    auto const file = sys::open_file(folder.path_of("file"), O_RDWR | O_CREAT, 0600).value();
    EXPECT_EQ(poller.add(file.fd(), EPOLLIN, 1).error(), Errc::invalid);
}

TEST(Poller, WaitsItsTimeThroughASignalStormAndNoLongerThanAReadyDescriptor) {
    auto poller = sys::Poller::create().value();
    auto const event = sys::EventFd::create().value();
    ASSERT_TRUE(poller.add(event.fd(), EPOLLIN, 1));
    std::array<sys::Poller::Ready, 4> ready{};
    SignalStorm const storm;
    auto const start = sys::steady_now();
    EXPECT_EQ(poller.wait_until(ready, start + 30ms).error(), Errc::timeout);
    EXPECT_EQ(sys::poll_until(event.fd(), POLLIN, start + 60ms).error(), Errc::timeout);
    EXPECT_GE(sys::steady_now() - start, 60ms);
    EXPECT_GT(storm.count(), 0U);
    std::thread poker([&] { event.poke(); });
    EXPECT_EQ(poller.wait_until(ready, sys::kForever).value(), 1U);
    poker.join();
}

TEST(Poller, WorksOnAKernelWithoutNanosecondTimeouts) {
    fault::Scope const scope;
    EXPECT_EQ(run_forked([] {  // what it learns about the kernel stays in the child
                  auto poller = sys::Poller::create().value();
                  std::array<sys::Poller::Ready, 1> ready{};
                  fault::fail("epoll_wait", 1, ENOSYS);
                  auto const start = sys::steady_now();
                  auto const late = poller.wait_until(ready, start + 1500us);
                  return late.error() == Errc::timeout && sys::steady_now() - start >= 1500us && fault::calls("epoll_wait") == 2 ? 0 : 1;
              }),
              0);
}

TEST(SignalFd, OffersSignalsInsteadOfTheirDefault) {
    EXPECT_EQ(run_forked([] {
                  auto const signals = sys::SignalFd::create({SIGTERM, SIGUSR1}).value();
                  if (signals.try_read().value()) return 1;
                  ::raise(SIGTERM);
                  auto const got = signals.try_read().value();
                  return got && got->number == SIGTERM && got->sender_pid == ::getpid() && got->sender_uid == ::getuid() ? 0 : 2;
              }),
              0);
    auto const bad = sys::SignalFd::create({4711});
    EXPECT_EQ(bad.error(), Errc::invalid);
}

TEST(SignalFd, IsUndoneForAProgramThatIsStarted) {
    auto const status = run_forked([] {
        auto const signals = sys::SignalFd::create({SIGTERM}).value();
        ::signal(SIGPIPE, SIG_IGN);
        sys::restore_signals();
        ::raise(SIGTERM);
        return 0;
    });
    EXPECT_EQ(status.signal, SIGTERM);
}

}  // namespace bus::test
