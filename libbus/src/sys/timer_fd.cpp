// timerfd(2), absolute on the monotonic clock.
#include "sys/timer_fd.hpp"

#include <sys/timerfd.h>

#include <algorithm>

#include "sys/syscall.hpp"

namespace bus::sys {

Result<TimerFd> TimerFd::create() {
    FileDescriptor descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!descriptor) return call_failed(errno, "timerfd_create", "CLOCK_MONOTONIC");
    return TimerFd(ProcessDescriptor(std::move(descriptor)));
}

void TimerFd::set(Deadline when) const noexcept {
    itimerspec spec{};  // zero: disarmed, and what was due is forgotten
    if (when != kForever) spec.it_value = to_timespec(std::max(when.time_since_epoch(), Deadline::duration(1)));
    (void)::timerfd_settime(fd(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace bus::sys
