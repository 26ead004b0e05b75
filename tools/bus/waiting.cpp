// How a stream sleeps.
#include "waiting.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "interrupt.hpp"

namespace bus::tool {
namespace {

using Clock = std::chrono::steady_clock;

/// Milliseconds for poll(), rounded up; an hour at most: the caller looks again.
int poll_timeout(Deadline deadline) {
    auto const left = deadline - Clock::now();
    if (left <= Duration::zero()) return 0;
    if (left > std::chrono::hours(1)) return 3'600'000;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

}  // namespace

Deadline deadline_in(Duration duration) {
    auto const now = Clock::now();
    return duration > Deadline::max() - now ? Deadline::max() : now + duration;
}

Result<void> wait_readable(Output& out, std::vector<int> const& fds, Deadline deadline) {
    if (auto written = out.flush(); !written) return written.error();
    std::vector<pollfd> polled{{STDOUT_FILENO, 0, 0}, {interrupt_fd(), POLLIN, 0}};  // of stdout: POLLERR and POLLHUP alone, unasked
    for (auto const fd : fds) polled.push_back({fd, POLLIN, 0});
    while (true) {
        auto const ready = ::poll(polled.data(), polled.size(), poll_timeout(deadline));
        if (interrupted()) return Errc::cancelled;
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) {
            auto const code = errno;
            return Error(Errc::io, std::string("poll: ") + std::strerror(code), {}, code);
        }
        if ((polled[0].revents & (POLLERR | POLLHUP)) != 0) {
            out.reader_went();
            return Errc::closed;
        }
        polled[0].revents = 0;
        if (ready > 0) return {};
        if (Clock::now() >= deadline) return Errc::timeout;
    }
}

Result<void> sleep_until(Output& out, Deadline deadline) {
    auto const done = wait_readable(out, {}, deadline);
    if (!done && done.error() == Errc::timeout) return {};
    return done ? Result<void>(Errc::io) : done;
}

}  // namespace bus::tool
