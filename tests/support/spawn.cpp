// Starting children: by exec of ourselves or another program, and by fork.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "support/child.hpp"

namespace bus::test {

namespace {

struct Pipes {
    int child_in, to_child, from_child, child_out;
};

Pipes make_pipes() {
    int down[2], up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) {
        std::perror("pipe2");
        std::abort();
    }
    return {down[0], down[1], up[0], up[1]};
}

[[noreturn]] void give_up(char const* what) {
    std::perror(what);
    ::_exit(125);
}

/// In the child, between fork and the rest. PDEATHSIG last: changing the uid clears it.
void become(ChildOptions const& options, pid_t parent) {
    if (options.uid) {
        gid_t const gid = options.gid.value_or(*options.uid);
        if (::setgroups(options.groups.size(), options.groups.data()) != 0) give_up("setgroups");
        if (::setresgid(gid, gid, gid) != 0) give_up("setresgid");
        if (::setresuid(*options.uid, *options.uid, *options.uid) != 0) give_up("setresuid");
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(125);
    if (options.traced && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) give_up("ptrace");
}

std::vector<std::string> environment_of(ChildOptions const& options) {
    std::vector<std::string> result;
    auto const name_of = [](std::string const& text) { return text.substr(0, text.find('=')); };
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string const text = *entry;
        bool const replaced =
            std::any_of(options.env.begin(), options.env.end(), [&](auto const& e) { return name_of(e) == name_of(text); });
        if (!replaced) result.push_back(text);
    }
    for (auto const& text : options.env) {
        if (text.find('=') != std::string::npos) result.push_back(text);
    }
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

/// Forks and executes; `prepare` runs in the child just before, and may use async-signal-safe calls only.
template <class Prepare>
pid_t spawn(std::string const& path, std::vector<std::string> args, ChildOptions const& options, Prepare&& prepare) {
    auto environment = environment_of(options);
    auto const argv = pointers(args);
    auto const envp = pointers(environment);
    pid_t const parent = ::getpid();
    pid_t const pid = ::fork();
    if (pid == 0) {
        prepare();
        become(options, parent);
        ::execve(path.c_str(), argv.data(), envp.data());
        give_up(path.c_str());
    }
    if (pid < 0) {
        std::perror("fork");
        std::abort();
    }
    return pid;
}

std::string own_path() {
    std::array<char, 4096> path{};
    auto const size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "/proc/self/exe";
}

std::string read_all(int fd) {
    std::string all;
    std::array<char, 65536> bytes;
    for (;;) {
        auto const got = ::read(fd, bytes.data(), bytes.size());
        if (got > 0) all.append(bytes.data(), static_cast<std::size_t>(got));
        if (got == 0 || (got < 0 && errno != EINTR)) break;
    }
    ::close(fd);
    return all;
}

int run_and_report(std::function<int()> const& function) {
    try {
        return function();
    } catch (std::exception const& problem) {
        std::fprintf(stderr, "forked child: %s\n", problem.what());
        return 99;
    }
}

}  // namespace

Child run_role(std::string const& role, std::vector<std::string> const& args, ChildOptions const& options) {
    auto const pipes = make_pipes();
    auto const path = own_path();
    std::vector<std::string> words{path, "--role", role, std::to_string(pipes.child_in), std::to_string(pipes.child_out)};
    words.insert(words.end(), args.begin(), args.end());
    pid_t const pid = spawn(path, words, options, [&] {
        ::fcntl(pipes.child_in, F_SETFD, 0);
        ::fcntl(pipes.child_out, F_SETFD, 0);
    });
    ::close(pipes.child_in);
    ::close(pipes.child_out);
    return {pid, pipes.to_child, pipes.from_child};
}

Child start_program(std::string const& path, std::vector<std::string> const& args, ChildOptions const& options) {
    auto const pipes = make_pipes();
    int const errors = options.errors.empty() ? -1 : ::open(options.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    std::vector<std::string> words{path};
    words.insert(words.end(), args.begin(), args.end());
    pid_t const pid = spawn(path, words, options, [&] {
        ::dup2(pipes.child_in, STDIN_FILENO);
        ::dup2(pipes.child_out, STDOUT_FILENO);
        if (errors >= 0) ::dup2(errors, STDERR_FILENO);
    });
    if (errors >= 0) ::close(errors);
    ::close(pipes.child_in);
    ::close(pipes.child_out);
    return {pid, pipes.to_child, pipes.from_child};
}

Output run_program(std::string const& path, std::vector<std::string> const& args, ChildOptions const& options, std::string const& input) {
    auto const pipes = make_pipes();
    auto const errors = make_pipes();
    std::vector<std::string> words{path};
    words.insert(words.end(), args.begin(), args.end());
    pid_t const pid = spawn(path, words, options, [&] {
        ::dup2(pipes.child_in, STDIN_FILENO);
        ::dup2(pipes.child_out, STDOUT_FILENO);
        ::dup2(errors.child_out, STDERR_FILENO);
    });
    for (int const fd : {pipes.child_in, pipes.child_out, errors.child_out, errors.child_in, errors.to_child}) ::close(fd);
    Child child(pid, pipes.to_child, -1);
    Output output;
    std::thread out([&] { output.out = read_all(pipes.from_child); });
    std::thread err([&] { output.err = read_all(errors.from_child); });
    if (!input.empty()) child.send_line(input);
    child.close_input();
    output.status = child.wait();
    out.join();
    err.join();
    return output;
}

Child start_forked(std::function<int()> const& function, ChildOptions const& options) {
    pid_t const parent = ::getpid();
    std::fflush(nullptr);
    pid_t const pid = ::fork();
    if (pid == 0) {
        become(options, parent);
        int const status = run_and_report(function);
        std::fflush(nullptr);
        ::_exit(status);
    }
    return {pid, -1, -1};
}

ExitStatus run_forked(std::function<int()> const& function, ChildOptions const& options) { return start_forked(function, options).wait(); }

}  // namespace bus::test
