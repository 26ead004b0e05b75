// Reading /proc.
#include "churn_process.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace bus::test::churn {

namespace {

std::string read_proc(pid_t pid, char const* file) {
    auto const path = "/proc/" + std::to_string(pid) + "/" + file;
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::array<char, 512> text{};
    auto const got = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

bool waits_for_descriptors(long call) {
    switch (call) {
        case SYS_ppoll:
        case SYS_epoll_pwait:
#if defined(SYS_poll)
        case SYS_poll:
        case SYS_epoll_wait:
#endif
            return true;
        default:
            return false;
    }
}

}  // namespace

char state_of(pid_t pid) {
    auto const text = read_proc(pid, "stat");
    auto const end = text.rfind(')');  // the name may hold anything
    return end == std::string::npos || end + 2 >= text.size() ? '\0' : text[end + 2];
}

// semop may be a semtimedop without a limit: that is somebody who rings, or takes a token.
bool waits_in_kernel(pid_t pid) {
    long call = -1;
    std::array<unsigned long, 4> arguments{};
    if (std::sscanf(read_proc(pid, "syscall").c_str(), "%ld %lx %lx %lx %lx", &call, &arguments[0], &arguments[1],
                    &arguments[2],  // NOLINT(cert-err34-c): what is no number is no call
                    &arguments[3]) < 5)
        return false;
    return waits_for_descriptors(call) || (call == SYS_semtimedop && arguments[3] != 0);
}

bool wait_until_stopped(pid_t pid) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT) != 0)
        if (errno != EINTR) return false;
    if (info.si_code != CLD_STOPPED) return false;
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOHANG);  // this stop has been heard of
    return true;
}

}  // namespace bus::test::churn
