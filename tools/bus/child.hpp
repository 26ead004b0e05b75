// A command as a child process, as `session` runs it.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include <bus/error.hpp>
#include <bus/time.hpp>

namespace bus::tool {

/// On a terminal it is in our process group, and what the terminal sends goes to both. Elsewhere it has a group of its own, so that end()
/// reaches what it started, and signals are handed on. The destructor ends it.
class Child {
public:
    /// `variables`: "NAME=value", besides our own environment. It gets SIGTERM if we are killed.
    /// Errors: limit: no process can be made; not_found: there is no such command; not_permitted: it can't be run.
    static Result<Child> start(std::vector<std::string> const& command, std::vector<std::string> const& variables);

    ~Child() { end(); }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), fd_(std::exchange(other.fd_, -1)), own_group_(other.own_group_) {}
    Child& operator=(Child&&) = delete;
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    /// Its status as a shell has it. Meanwhile signals are handed on, but for those that it got of the terminal itself.
    /// Errors: timeout; io.
    Result<int> wait(Deadline deadline);
    /// SIGTERM, and a second later SIGKILL; returns when it is dead.
    void end() noexcept;

private:
    Child(pid_t pid, int fd, bool own_group) : pid_(pid), fd_(fd), own_group_(own_group) {}
    void send(int signal) const noexcept;
    void hand_on_signals() const;

    pid_t pid_;
    int fd_;  // a pidfd
    bool own_group_;
};

}  // namespace bus::tool
