// A command as a child process, as `session` runs it.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include <bus/error.hpp>
#include <bus/time.hpp>

namespace bus::tool {

/// In our own process group: what the terminal sends goes to both. The destructor ends it.
class Child {
public:
    /// `variables`: "NAME=value", besides our own environment. A command that can't be run is a child that ends with 126 or 127, as in a
    /// shell. Errors: limit: no process can be made.
    static Result<Child> start(std::vector<std::string> const& command, std::vector<std::string> const& variables);

    ~Child() { end(); }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), fd_(std::exchange(other.fd_, -1)) {}
    Child& operator=(Child&&) = delete;
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    /// Its status as a shell has it. Meanwhile SIGINT (it got that of a terminal itself) is waited through, SIGTERM handed on.
    /// Errors: timeout; io.
    Result<int> wait(Deadline deadline);
    /// SIGTERM, and a second later SIGKILL; returns when it is dead.
    void end() noexcept;

private:
    Child(pid_t pid, int fd) : pid_(pid), fd_(fd) {}

    pid_t pid_;
    int fd_;  // a pidfd
};

}  // namespace bus::tool
