// eventfd(2).
#include "sys/event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "sys/syscall.hpp"

namespace bus::sys {

Result<EventFd> EventFd::create() {
    FileDescriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor) return call_failed(errno, "eventfd", "0");
    return EventFd(ProcessDescriptor(std::move(descriptor)));
}

void EventFd::poke() const noexcept {
    int const saved = errno;
    std::uint64_t const one = 1;
    // The only way to fail is a counter that is full, which is readable already.
    (void)retry([&] { return ::write(fd(), &one, sizeof one); });
    errno = saved;
}

bool EventFd::drain() const noexcept {
    std::uint64_t count = 0;
    return retry([&] { return ::read(fd(), &count, sizeof count); }) == sizeof count && count > 0;
}

}  // namespace bus::sys
