// signalfd(2).
#include "sys/signal_fd.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <string>

#include "sys/syscall.hpp"

namespace bus::sys {

Result<SignalFd> SignalFd::create(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int const number : signals) {
        if (sigaddset(&set, number) < 0) return call_failed(errno, "sigaddset", std::to_string(number));
    }
    FileDescriptor descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor) return call_failed(errno, "signalfd", std::to_string(signals.size()) + " signals");
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return SignalFd(std::move(descriptor));
}

Result<std::optional<SignalFd::Signal>> SignalFd::try_read() const {
    signalfd_siginfo info{};
    auto const got = read_some(fd(), std::as_writable_bytes(std::span(&info, 1)));
    if (!got && got.error() == Errc::would_block) return std::optional<Signal>();
    if (!got) return got.error();
    return std::optional(Signal{static_cast<int>(info.ssi_signo), static_cast<int>(info.ssi_pid), info.ssi_uid});
}

void restore_signals() noexcept {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace bus::sys
