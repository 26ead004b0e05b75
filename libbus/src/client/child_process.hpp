// A program run as a child that does not outlive us.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.hpp"
#include "sys/fork_guard.hpp"

namespace bus::client {

struct ChildSpec {
    std::string program;                   // path
    std::vector<std::string> arguments;    // without the program's name
    std::vector<std::string> environment;  // "NAME=value", instead of or beside ours
    std::string output_file;               // where its stdout and stderr go; made anew
};

/// Killed and reaped by the destructor, except in a forked child.
class ChildProcess {
public:
    /// The kernel sends it SIGTERM when the thread that calls this ends. Errors: not_found: no such program; limit; io.
    static Result<ChildProcess> start(ChildSpec const& spec);
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ChildProcess(ChildProcess const&) = delete;
    ChildProcess& operator=(ChildProcess const&) = delete;
    ~ChildProcess();

    pid_t pid() const noexcept { return pid_; }  // 0: reaped, or in a forked child
    void send(int signal) const noexcept;
    /// How it ended ("status 1", "signal 9"), if it has. Reaps it.
    std::optional<std::string> try_wait();
    /// Waits for the end until `deadline`. Errors: timeout (bare code).
    Result<std::string> wait_until(sys::Deadline deadline);

private:
    explicit ChildProcess(pid_t pid) noexcept : pid_(pid) {}
    sys::ForkGuard guard_;
    pid_t pid_ = 0;
};

}  // namespace bus::client
