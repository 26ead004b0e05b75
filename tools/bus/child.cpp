// A command as a child process.
#include "child.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "errors.hpp"
#include "interrupt.hpp"

namespace bus::tool {
namespace {

constexpr std::chrono::milliseconds kGrace{1000};
constexpr std::chrono::milliseconds kLook{200};  // for a signal that came just before the wait

std::vector<char*> pointers_to(std::vector<std::string> const& texts) {
    std::vector<char*> pointers;
    for (auto const& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));  // execvp promises to leave them alone
    pointers.push_back(nullptr);
    return pointers;
}

/// In the child: never returns.
[[noreturn]] void become(std::vector<std::string> const& command, std::vector<std::string> const& variables) {
    for (auto const& variable : variables) (void)::putenv(const_cast<char*>(variable.c_str()));  // lives until exec
    for (int const number : {SIGINT, SIGTERM, SIGPIPE}) (void)std::signal(number, SIG_DFL);
    auto arguments = pointers_to(command);
    (void)::execvp(arguments.front(), arguments.data());
    auto const code = errno;
    write_words("bus: can't run '" + printable(command.front()) + "': " + std::strerror(code) + "\n");
    ::_exit(code == ENOENT ? 127 : 126);
}

bool ends_within(int fd, std::chrono::milliseconds time) {
    pollfd polled{fd, POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

Result<Child> Child::start(std::vector<std::string> const& command, std::vector<std::string> const& variables) {
    auto const pid = ::fork();
    if (pid == 0) become(command, variables);
    auto const fd = pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd >= 0) return Child(pid, fd);
    auto const code = errno;
    if (pid > 0) {
        (void)::kill(pid, SIGKILL);
        (void)::waitpid(pid, nullptr, 0);
    }
    return Error(Errc::limit, "no process for '" + command.front() + "': " + std::strerror(code), "ulimit -u; ulimit -n", code);
}

Result<int> Child::wait(Deadline deadline) {
    bool handed_on = false;
    while (!ends_within(fd_, kLook)) {
        if (terminated() && !handed_on) {
            (void)::kill(pid_, SIGTERM);
            handed_on = true;
        }
        if (std::chrono::steady_clock::now() >= deadline) return Errc::timeout;
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno == EINTR) continue;
        auto const code = errno;
        return Error(Errc::io, std::string("waitpid: ") + std::strerror(code), {}, code);
    }
    pid_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::end() noexcept {
    if (pid_ > 0) {
        (void)::kill(pid_, SIGTERM);
        if (!ends_within(fd_, kGrace)) (void)::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
        pid_ = 0;
    }
    if (fd_ >= 0) (void)::close(std::exchange(fd_, -1));
}

}  // namespace bus::tool
