// A command as a child process.
#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

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

/// In the child: never returns. Where the command can't be run the errno goes into `report_fd`, which exec closes.
[[noreturn]] void become(std::vector<char*> const& arguments, std::vector<std::string> const& variables, bool own_group, pid_t parent,
                         int report_fd) {
    (void)::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);  // dead before we asked for the signal
    if (own_group) (void)::setpgid(0, 0);
    for (auto const& variable : variables) (void)::putenv(const_cast<char*>(variable.c_str()));  // lives until exec
    leave_interrupts();
    (void)::execvp(arguments.front(), arguments.data());
    auto const code = errno;
    (void)!::write(report_fd, &code, sizeof code);
    ::_exit(127);
}

Error no_process(std::string const& command, int code) {
    return {Errc::limit, "no process for '" + command + "': " + std::strerror(code), "ulimit -u; ulimit -n", code};
}

Error cant_run(std::string const& command, int code) {
    return {code == ENOENT ? Errc::not_found : Errc::not_permitted, "can't run '" + command + "': " + std::strerror(code),
            "bus session -- CMD: a program of $PATH, or a path", code};
}

bool ends_within(int fd, std::chrono::milliseconds time) {
    pollfd polled{fd, POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

Result<Child> Child::start(std::vector<std::string> const& command, std::vector<std::string> const& variables) {
    bool const own_group = ::isatty(STDIN_FILENO) != 1;
    auto const arguments = pointers_to(command);
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) return no_process(command.front(), errno);
    auto const parent = ::getpid();
    auto const pid = ::fork();
    if (pid == 0) become(arguments, variables, own_group, parent, report[1]);
    if (pid > 0 && own_group) (void)::setpgid(pid, pid);  // whoever comes first
    auto const fd = pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    int code = errno;
    (void)::close(report[1]);
    int why = 0;
    bool const failed = fd >= 0 && ::read(report[0], &why, sizeof why) == sizeof why;
    (void)::close(report[0]);
    if (fd < 0) {
        if (pid > 0) (void)::kill(pid, SIGKILL), (void)::waitpid(pid, nullptr, 0);
        return no_process(command.front(), code);
    }
    Child child(pid, fd, own_group);
    if (failed) return cant_run(command.front(), why);
    return child;
}

void Child::send(int signal) const noexcept { (void)::kill(own_group_ ? -pid_ : pid_, signal); }

// What the terminal sends, its whole group has got.
void Child::hand_on_signals() const {
    for (int const number : take_signals())
        if (own_group_ || number == SIGTERM || number == SIGHUP) send(number);
}

Result<int> Child::wait(Deadline deadline) {
    while (!ends_within(fd_, kLook)) {
        hand_on_signals();
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
        send(SIGTERM);
        (void)ends_within(fd_, kGrace);
        send(SIGKILL);  // what is left of its group too
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
        pid_ = 0;
    }
    if (fd_ >= 0) (void)::close(std::exchange(fd_, -1));
}

}  // namespace bus::tool
