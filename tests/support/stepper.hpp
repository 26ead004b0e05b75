// Walks a child instruction by instruction or from system call to system call, between marks in its code, and kills it anywhere.
//
// The child is a role (support/role.hpp) that says mark(1), mark(2), ... around the interesting part. A mark is a system call that asks
// for nothing and that the tracer knows by its arguments; without a tracer it does nothing. Only the child's main thread is walked.
// The kernel's own code in a process (vDSO) reads the clock again when the clock has moved meanwhile: walked slowly it never ends. Who
// walks for long says ChildOptions::without_vdso.
// A step costs 20 to 80 us, a stop at a system call as much. All calls of one Stepper must come from one thread.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
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
    enum class Kind { instruction, mark, syscall_entry, syscall_exit, fault, ended } kind = Kind::ended;
    long number = 0;                // of the mark or the system call; of an exit: what it returned
    std::uint64_t instruction = 0;  // the pointer to it
};

class Stepper {
public:
    /// Whether this machine lets us: ptrace may be forbidden, and single steps are known on x86-64 only.
    static bool is_possible();

    /// Starts the role; it stands before its first instruction.
    explicit Stepper(std::string const& role, std::vector<std::string> const& args = {}, ChildOptions const& options = {});

    /// Walks a child that was started `traced`: by start_forked(), and stops itself (SIGSTOP), or another program.
    explicit Stepper(Child child);
    /// Walks a child that runs already; it stands wherever it was, in a system call mostly.
    static Stepper attach(Child child);

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
    /// Whether it has come to its next stop within that time; run_to_syscall() gives it at once then. Else it goes on by itself.
    bool stops_within(std::chrono::milliseconds longest);
    /// From here on a store to memory that is not writable is a stop of the kind `fault`, before the store: `fault_address()` has where.
    void catch_faults() { catches_faults_ = true; }
    std::uint64_t fault_address() const { return fault_address_; }
    /// The fault that was caught is the child's own: it gets the signal with the next step.
    void deliver_fault();
    /// Makes the child do a system call. It stands between two instructions (not at the entry of a call), and so it does afterwards.
    long call(long number, std::uint64_t first, std::uint64_t second, std::uint64_t third);
    /// At the exit of a call: makes it once more, and the child gets that answer.
    void do_last_call_again();
    std::uint64_t stack_pointer() const;
    std::uint64_t instruction_pointer() const;

    /// Lets it run freely, untraced.
    void detach();
    /// SIGKILL, here and now, and reaps it.
    void kill();
    /// How it ended, after `ended` or kill().
    ExitStatus status() const { return status_; }
    /// The line to the role; don't wait for a line while it stands still.
    Child& child() { return child_; }

private:
    struct Attached {};
    Stepper(Child child, Attached);
    Stop resume(int request);
    void set_going(int request);
    int wait();
    Stop fault();
    Stop examine(int status);
    Stop ended(int status);

    Child child_;
    ExitStatus status_;
    int signal_ = 0;  // to be delivered with the next resume
    bool over_ = false;
    bool goes_ = false;                  // set going by stops_within(), and not waited for yet
    std::optional<int> status_of_wait_;  // what that wait has found
    bool catches_faults_ = false;
    std::uint64_t fault_address_ = 0, syscall_instruction_ = 0;
};

}  // namespace bus::test
