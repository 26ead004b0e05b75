// Walks a child instruction by instruction or from system call to system call, between marks in its code, and kills it anywhere.
//
// The child is a role (support/role.hpp) that says mark(1), mark(2), ... around the interesting part. A mark is a system call that asks
// for nothing and that the tracer knows by its arguments; without a tracer it does nothing. Only the child's main thread is walked.
// A step costs 20 to 80 us, a stop at a system call as much. All calls of one Stepper must come from one thread.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/child.hpp"

namespace bus::test {

inline constexpr long kMarkMagic = 0x6275'7321;

/// In the child: here is mark `number`.
[[gnu::always_inline]] inline void mark(long number) noexcept {
    // Spelled out where we can: a call of the C library would add its instructions to what is counted.
#if defined(__x86_64__)
    long answer = SYS_gettid;
    asm volatile("syscall" : "+a"(answer) : "D"(kMarkMagic), "S"(number) : "rcx", "r11", "memory");
#else
    ::syscall(SYS_gettid, kMarkMagic, number);
#endif
}

struct Stop {
    enum class Kind { instruction, mark, syscall_entry, syscall_exit, ended } kind = Kind::ended;
    long number = 0;                // of the mark or the system call
    std::uint64_t instruction = 0;  // the pointer to it
};

class Stepper {
public:
    /// Whether this machine lets us: ptrace may be forbidden, and single steps are known on x86-64 only.
    static bool is_possible();

    /// Starts the role; it stands before its first instruction.
    explicit Stepper(std::string const& role, std::vector<std::string> const& args = {}, ChildOptions options = {});

    /// Lets it run until that mark. Returns: false where it ended before.
    bool run_to_mark(long number);
    /// Executes one instruction. `mark`: it stands at one now; the next step goes on behind it.
    Stop step();
    /// The system call that the next step would make; none where the next instruction makes none.
    std::optional<long> next_syscall() const;
    /// Runs to the next entry or exit of a system call, or mark.
    Stop run_to_syscall();
    /// Steps until mark `number`, or until `each` says false. Returns: the instructions executed; none where the child ended.
    std::optional<std::uint64_t> step_to_mark(long number, std::function<bool(std::uint64_t instruction)> const& each = {});
    /// Runs to mark `number` and counts system calls by number on the way. Returns: none where the child ended.
    std::optional<std::map<long, unsigned>> count_syscalls_to_mark(long number);
    /// Lets it run freely, untraced.
    void detach();
    /// SIGKILL, here and now, and reaps it.
    void kill();
    /// How it ended, after `ended` or kill().
    ExitStatus status() const { return status_; }
    /// The line to the role; don't wait for a line while it stands still.
    Child& child() { return child_; }

private:
    Stop resume(int request);
    Stop examine(int status);
    Stop ended(int status);

    Child child_;
    ExitStatus status_;
    int signal_ = 0;  // to be delivered with the next resume
    bool over_ = false;
};

}  // namespace bus::test
