// Starting, killing and reaping one child.
#include "client/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/file.hpp"
#include "sys/poller.hpp"
#include "sys/signal_fd.hpp"
#include "sys/syscall.hpp"

namespace bus::client {

namespace {

using namespace std::chrono_literals;

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (auto& one : strings) out.push_back(one.data());
    out.push_back(nullptr);
    return out;
}

// Ours, but for the names that are given.
std::vector<std::string> merged(std::vector<std::string> environment) {
    auto const given = environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const ours = *entry;
        auto const name = ours.substr(0, ours.find('=') + 1);
        if (std::ranges::none_of(given, [&](std::string const& one) { return one.starts_with(name); })) environment.emplace_back(ours);
    }
    return environment;
}

// Between fork and exec, in a process that may have had many threads: system calls only.
[[noreturn]] void become(char const* program, char** arguments, char** environment, pid_t parent, int output_fd, int report_fd) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // Dead before we asked for the signal.
    if (::getppid() != parent) ::_exit(1);
    sys::restore_signals();
    ::setpgid(0, 0);  // Ctrl-C is for the program
    if (output_fd >= 0) {
        ::dup2(output_fd, STDOUT_FILENO);
        ::dup2(output_fd, STDERR_FILENO);
    }
    ::execve(program, arguments, environment);
    int const why = errno;
    (void)!::write(report_fd, &why, sizeof why);
    ::_exit(127);
}

std::string how(int status) {
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<ChildProcess> ChildProcess::start(ChildSpec const& spec) {
    auto arguments = spec.arguments;
    arguments.insert(arguments.begin(), spec.program);
    auto environment = merged(spec.environment);
    auto const argument_pointers = pointers(arguments);
    auto const environment_pointers = pointers(environment);
    sys::FileDescriptor errors;
    if (!spec.output_file.empty()) {
        auto file = sys::open_file(spec.output_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
        if (!file) return file.error();
        errors = std::move(*file);
    }
    auto report = sys::make_pipe();
    if (!report) return report.error();
    auto const parent = ::getpid();
    pid_t const pid = ::fork();
    if (pid < 0) return sys::call_failed(errno, "fork", "", spec.program);
    if (pid == 0)
        become(spec.program.c_str(), const_cast<char**>(argument_pointers.data()), const_cast<char**>(environment_pointers.data()), parent,
               errors.fd(), report->write_end.fd());
    ChildProcess child(pid);
    report->write_end.reset();
    int why = 0;
    // The end of the pipe without a word: the program runs.
    auto const got = sys::retry([&] { return ::read(report->read_end.fd(), &why, sizeof why); });
    if (got == static_cast<ssize_t>(sizeof why)) return sys::call_failed(why, "execve", spec.program);
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : guard_(other.guard_), pid_(std::exchange(other.pid_, 0)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(guard_, other.guard_);
    std::swap(pid_, other.pid_);
    return *this;
}

ChildProcess::~ChildProcess() {
    if (pid_ == 0 || guard_.in_child()) return;
    send(SIGKILL);
    sys::retry([&] { return ::waitpid(pid_, nullptr, 0); });
}

void ChildProcess::send(int signal) const noexcept {
    if (pid_ != 0 && !guard_.in_child()) ::kill(pid_, signal);
}

std::optional<std::string> ChildProcess::try_wait() {
    if (pid_ == 0 || guard_.in_child()) return "reaped already";
    int status = 0;
    auto const reaped = sys::retry([&] { return ::waitpid(pid_, &status, WNOHANG); });
    if (reaped == 0) return std::nullopt;
    pid_ = 0;
    // A program that ignores SIGCHLD has its children reaped by the kernel.
    return reaped < 0 ? std::string("it has gone") : how(status);
}

Result<std::string> ChildProcess::wait_until(sys::Deadline deadline) {
    for (sys::Duration nap = 200us;; nap = std::min<sys::Duration>(2 * nap, 5ms)) {
        if (auto ended = try_wait()) return *ended;
        if (sys::has_passed(deadline)) return Errc::timeout;
        (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline, sys::deadline_after(nap)));
    }
}

}  // namespace bus::client
