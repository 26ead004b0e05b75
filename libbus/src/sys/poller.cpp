// epoll(7) and ppoll(2).
#include "sys/poller.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <string>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

constexpr std::size_t kAtOnce = 64;

/// For kernels before 5.11: milliseconds, rounded up so that no wait ends before its time and spins.
int wait_in_milliseconds(int fd, epoll_event* events, int count, timespec const* rest) {
    int timeout_ms = -1;
    if (rest != nullptr) {
        auto const wanted = rest->tv_sec * 1000 + (rest->tv_nsec + 999'999) / 1'000'000;
        timeout_ms = static_cast<int>(std::min<std::int64_t>(wanted, INT_MAX));
    }
    return ::epoll_wait(fd, events, count, timeout_ms);
}

int wait_once(int fd, epoll_event* events, int count, timespec const* rest) {
    static std::atomic<bool> has_pwait2{true};
    if (has_pwait2.load(std::memory_order_relaxed)) {
        int const ready = ::epoll_pwait2(fd, events, count, rest, nullptr);
        if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
        has_pwait2.store(false, std::memory_order_relaxed);
    }
    return wait_in_milliseconds(fd, events, count, rest);
}

Result<void> control(int poller, int command, char const* name, int fd, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    if (::epoll_ctl(poller, command, fd, &event) == 0) return {};
    int const why = errno;
    // EPERM: a kind of file that is always ready, such as one on a disk.
    auto const code = why == EPERM ? Errc::invalid : errc_of(why);
    return call_failed(code, why, "epoll_ctl", std::string(name) + ", descriptor " + std::to_string(fd));
}

}  // namespace

Result<Poller> Poller::create() {
    FileDescriptor descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!descriptor) return call_failed(errno, "epoll_create1", "EPOLL_CLOEXEC");
    return Poller(ProcessDescriptor(std::move(descriptor)));
}

Result<void> Poller::add(int fd, std::uint32_t events, std::uint64_t tag) {
    return control(this->fd(), EPOLL_CTL_ADD, "EPOLL_CTL_ADD", fd, events, tag);
}
Result<void> Poller::modify(int fd, std::uint32_t events, std::uint64_t tag) {
    return control(this->fd(), EPOLL_CTL_MOD, "EPOLL_CTL_MOD", fd, events, tag);
}
Result<void> Poller::remove(int fd) { return control(this->fd(), EPOLL_CTL_DEL, "EPOLL_CTL_DEL", fd, 0, 0); }

Result<std::size_t> Poller::wait_until(std::span<Ready> into, Deadline deadline) {
    std::array<epoll_event, kAtOnce> events;
    auto const count = static_cast<int>(std::min(into.size(), kAtOnce));
    int const ready = retry_until(deadline, [&](timespec const* rest) { return wait_once(fd(), events.data(), count, rest); });
    if (ready < 0) return call_failed(errno, "epoll_wait", "descriptor " + std::to_string(fd()) + ", " + std::to_string(count) + " events");
    if (ready == 0) return Errc::timeout;
    for (std::size_t i = 0; i < static_cast<std::size_t>(ready); ++i) into[i] = {events[i].data.u64, events[i].events};
    return static_cast<std::size_t>(ready);
}

Result<std::size_t> Poller::try_wait(std::span<Ready> into) {
    auto ready = wait_until(into, Deadline{});
    if (!ready && ready.error() == Errc::timeout) return std::size_t{0};
    return ready;
}

Result<std::size_t> poll_until(std::span<pollfd> descriptors, Deadline deadline) {
    int const ready =
        retry_until(deadline, [&](timespec const* rest) { return ::ppoll(descriptors.data(), descriptors.size(), rest, nullptr); });
    if (ready < 0) return call_failed(errno, "ppoll", std::to_string(descriptors.size()) + " descriptors");
    if (ready == 0) return Errc::timeout;
    return static_cast<std::size_t>(ready);
}

Result<short> poll_until(int fd, short events, Deadline deadline) {
    pollfd one{fd, events, 0};
    auto const ready = poll_until(std::span(&one, 1), deadline);
    if (!ready) return ready.error();
    return one.revents;
}

}  // namespace bus::sys
