// ptrace(2).
#include "support/stepper.hpp"

#include <elf.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <utility>

namespace bus::test {

namespace {

ChildOptions as_traced(ChildOptions options) {
    options.traced = true;
    // The leak finder of the address sanitizer is a tracer itself and can't be one here.
    char const* const old = ::getenv("ASAN_OPTIONS");
    options.env.push_back("ASAN_OPTIONS=" + std::string(old != nullptr ? std::string(old) + ":" : "") + "detect_leaks=0");
    return options;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
    }
    return status;
}

struct Where {
    std::uint64_t instruction = 0;
    long syscall = -1, first = 0, second = 0;  // what a syscall instruction here would ask
};

#if defined(__x86_64__)
/// Takes the vDSO out of what the kernel tells a program at its start: on its stack, behind arguments and environment.
void hide_vdso(pid_t pid) {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers);
    auto at = registers.rsp + 8;  // behind argc
    auto const next = [&] {
        at += 8;
        return ::ptrace(PTRACE_PEEKDATA, pid, at - 8, nullptr);
    };
    for (int list = 0; list < 2; ++list)
        while (next() != 0) {
        }
    for (long type = next(); type != AT_NULL; type = next()) {
        if (type == AT_SYSINFO_EHDR) ::ptrace(PTRACE_POKEDATA, pid, at - 8, AT_IGNORE);
        (void)next();
    }
}

Where where(pid_t pid) {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers);
    return {registers.rip, static_cast<long>(registers.rax), static_cast<long>(registers.rdi), static_cast<long>(registers.rsi)};
}

bool is_syscall_instruction(pid_t pid, std::uint64_t address) {
    errno = 0;
    long const word = ::ptrace(PTRACE_PEEKTEXT, pid, address, nullptr);
    return errno == 0 && (word & 0xffff) == 0x050f;
}
#else
void hide_vdso(pid_t) {}
Where where(pid_t) { return {}; }
bool is_syscall_instruction(pid_t, std::uint64_t) { return false; }
#endif

constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

}  // namespace

bool Stepper::is_possible() {
#if defined(__x86_64__)
    static bool const possible = run_forked([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1; }) == 0;
    return possible;
#else
    return false;
#endif
}

Stepper::Stepper(std::string const& role, std::vector<std::string> const& args, ChildOptions const& options)
    : Stepper(run_role(role, args, as_traced(options))) {
    if (options.without_vdso && !over_) hide_vdso(child_.pid());
}

Stepper::Stepper(Child child) : child_(std::move(child)) {
    int const status = wait_for(child_.pid());  // the SIGTRAP of exec, or its own SIGSTOP
    if (!WIFSTOPPED(status)) {
        ended(status);
        return;
    }
    ::ptrace(PTRACE_SETOPTIONS, child_.pid(), nullptr, kOptions);
}

Stepper::Stepper(Child child, Attached) : child_(std::move(child)) {
    ::ptrace(PTRACE_SEIZE, child_.pid(), nullptr, kOptions);
    ::ptrace(PTRACE_INTERRUPT, child_.pid(), nullptr, nullptr);
    if (int const status = wait_for(child_.pid()); !WIFSTOPPED(status)) ended(status);
}

Stepper Stepper::attach(Child child) { return Stepper(std::move(child), Attached{}); }

Stop Stepper::ended(int status) {
    over_ = true;
    status_ = WIFEXITED(status) ? ExitStatus{true, WEXITSTATUS(status), 0} : ExitStatus{false, -1, WTERMSIG(status)};
    child_.forget();
    return {};
}

void Stepper::set_going(int request) {
    if (std::exchange(goes_, true)) return;
    ::ptrace(static_cast<__ptrace_request>(request), child_.pid(), nullptr, std::exchange(signal_, 0));
}

int Stepper::wait() {
    goes_ = false;
    if (status_of_wait_) return *std::exchange(status_of_wait_, std::nullopt);
    return wait_for(child_.pid());
}

bool Stepper::stops_within(std::chrono::milliseconds longest) {
    if (over_ || status_of_wait_) return true;
    set_going(PTRACE_SYSCALL);
    return eventually(
        [&] {
            int status = 0;
            if (::waitpid(child_.pid(), &status, __WALL | WNOHANG) <= 0) return false;
            status_of_wait_ = status;
            return true;
        },
        longest);
}

Stop Stepper::resume(int request) {
    for (;;) {
        if (over_) return {};
        set_going(request);
        int const status = wait();
        if (!WIFSTOPPED(status)) return ended(status);
        int const signal = WSTOPSIG(status);
        if (status >> 16 == PTRACE_EVENT_STOP) continue;  // of attach()
        if (signal == SIGTRAP || signal == (SIGTRAP | 0x80)) return examine(status);
        if (signal == SIGSEGV && catches_faults_) return fault();
        signal_ = signal;  // the child's own: hand it on
    }
}

Stop Stepper::fault() {
    siginfo_t info{};
    ::ptrace(PTRACE_GETSIGINFO, child_.pid(), nullptr, &info);
    fault_address_ = reinterpret_cast<std::uint64_t>(info.si_addr);
    return {Stop::Kind::fault, info.si_code, where(child_.pid()).instruction};
}

void Stepper::deliver_fault() { signal_ = SIGSEGV; }

Stop Stepper::examine(int status) {
    auto const pid = child_.pid();
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
        __ptrace_syscall_info info{};
        ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), pid, sizeof info, &info);
        syscall_instruction_ = info.instruction_pointer - 2;
        bool const entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
        if (!entry) return {Stop::Kind::syscall_exit, static_cast<long>(info.exit.rval), info.instruction_pointer};
        if (info.entry.nr == SYS_gettid && static_cast<long>(info.entry.args[0]) == kMarkMagic) {
            return {Stop::Kind::mark, static_cast<long>(info.entry.args[1]), info.instruction_pointer};
        }
        return {Stop::Kind::syscall_entry, static_cast<long>(info.entry.nr), info.instruction_pointer};
    }
    auto const here = where(pid);
    if (here.syscall == SYS_gettid && here.first == kMarkMagic && is_syscall_instruction(pid, here.instruction)) {
        return {Stop::Kind::mark, here.second, here.instruction};
    }
    return {Stop::Kind::instruction, 0, here.instruction};
}

bool Stepper::run_to_mark(long number) {
    for (;;) {
        auto const stop = run_to_syscall();
        if (stop.kind == Stop::Kind::ended) return false;
        if (stop.kind == Stop::Kind::mark && stop.number == number) break;
    }
    resume(PTRACE_SYSCALL);  // to the exit of the mark: what follows starts with the first instruction behind it
    return !over_;
}

Stop Stepper::step() { return resume(PTRACE_SINGLESTEP); }

std::optional<long> Stepper::next_syscall() const {
    auto const here = where(child_.pid());
    if (!is_syscall_instruction(child_.pid(), here.instruction)) return std::nullopt;
    return here.syscall;
}

Stop Stepper::run_to_syscall() { return resume(PTRACE_SYSCALL); }

std::optional<std::uint64_t> Stepper::step_to_mark(long number, std::function<bool(std::uint64_t instruction)> const& each) {
    for (std::uint64_t steps = 0;; ++steps) {
        auto const stop = step();
        if (stop.kind == Stop::Kind::ended) return std::nullopt;
        if (stop.kind == Stop::Kind::mark && stop.number == number) return steps;
        if (each && !each(stop.instruction)) return steps + 1;
    }
}

std::optional<std::map<long, unsigned>> Stepper::count_syscalls_to_mark(long number) {
    std::map<long, unsigned> counts;
    for (;;) {
        auto const stop = run_to_syscall();
        if (stop.kind == Stop::Kind::ended) return std::nullopt;
        if (stop.kind == Stop::Kind::mark && stop.number == number) return counts;
        if (stop.kind == Stop::Kind::syscall_entry) ++counts[stop.number];
    }
}

// The registers of the moment are put aside, those of the call put in; one step executes it.
#if defined(__x86_64__)
long Stepper::call(long number, std::uint64_t first, std::uint64_t second, std::uint64_t third) {
    if (over_ || syscall_instruction_ == 0) return -ENOSYS;
    user_regs_struct before{};
    ::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &before);
    auto registers = before;
    registers.rip = syscall_instruction_;
    registers.orig_rax = ~0ULL;  // nothing is to be restarted meanwhile
    registers.rax = static_cast<std::uint64_t>(number);
    registers.rdi = first;
    registers.rsi = second;
    registers.rdx = third;
    ::ptrace(PTRACE_SETREGS, child_.pid(), nullptr, &registers);
    ::ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, 0);
    int const status = wait_for(child_.pid());
    if (!WIFSTOPPED(status)) {
        ended(status);
        return -ESRCH;
    }
    ::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &registers);
    auto const answer = static_cast<long>(registers.rax);
    ::ptrace(PTRACE_SETREGS, child_.pid(), nullptr, &before);
    return answer;
}

void Stepper::do_last_call_again() {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &registers);
    auto const answer = call(static_cast<long>(registers.orig_rax), registers.rdi, registers.rsi, registers.rdx);
    registers.rax = static_cast<std::uint64_t>(answer);
    ::ptrace(PTRACE_SETREGS, child_.pid(), nullptr, &registers);
}

std::uint64_t Stepper::stack_pointer() const {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &registers);
    return registers.rsp;
}
#else
long Stepper::call(long, std::uint64_t, std::uint64_t, std::uint64_t) { return -ENOSYS; }
void Stepper::do_last_call_again() {}
std::uint64_t Stepper::stack_pointer() const { return 0; }
#endif

std::uint64_t Stepper::instruction_pointer() const { return where(child_.pid()).instruction; }

void Stepper::detach() {
    if (!over_) ::ptrace(PTRACE_DETACH, child_.pid(), nullptr, std::exchange(signal_, 0));
}

void Stepper::kill() {
    if (over_) return;
    ::kill(child_.pid(), SIGKILL);
    for (;;) {
        int const status = wait();
        if (WIFSTOPPED(status)) continue;
        ended(status);
        return;
    }
}

}  // namespace bus::test
