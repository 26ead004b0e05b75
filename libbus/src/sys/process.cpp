// What /proc says about processes.
#include "sys/process.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "sys/file.hpp"
#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

struct ProcStat {
    char state = '?';
    std::uint64_t start_ticks = 0;
};

/// "4711 (any ) text) S 1 ...": the name may hold anything, so fields are counted from the last parenthesis.
Result<ProcStat> parse_stat(std::string_view text, std::string const& path) {
    auto const name_end = text.rfind(") ");
    if (name_end == std::string_view::npos || name_end + 2 >= text.size()) return Error(Errc::io, path + " has no name in parentheses");
    auto rest = text.substr(name_end + 2);
    ProcStat stat{rest.front(), 0};
    for (int field = 3; field < 22; ++field) {  // the state is field 3
        auto const blank = rest.find(' ');
        if (blank == std::string_view::npos) return Error(Errc::io, path + " ends before field 22");
        rest.remove_prefix(blank + 1);
    }
    if (std::from_chars(rest.data(), rest.data() + rest.size(), stat.start_ticks).ec != std::errc()) {
        return Error(Errc::io, path + ": field 22 is no number");
    }
    return stat;
}

Result<ProcStat> read_stat(pid_t pid) {
    auto const path = "/proc/" + std::to_string(pid) + "/stat";
    auto const text = read_file(path);
    if (!text) return text.error();
    return parse_stat(*text, path);
}

Result<std::uint64_t> inode_of(char const* path) {
    struct stat what {};
    if (::stat(path, &what) < 0) return call_failed(errno, "stat", path);
    return what.st_ino;
}

std::string without_newline(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

Result<ProcessId> process_id(pid_t pid) {
    if (pid <= 0) return Error(Errc::invalid, std::to_string(pid) + " is no pid");
    auto const stat = read_stat(pid);
    if (stat) return ProcessId{pid, stat->start_ticks};
    if (stat.error() == Errc::not_found) return Error(Errc::not_found, "there is no process " + std::to_string(pid), {}, ESRCH);
    return stat.error();
}

Result<ProcessId> own_process_id() { return process_id(::getpid()); }

bool is_running(ProcessId const& process) {
    if (process.pid <= 0) return false;
    auto const stat = read_stat(process.pid);
    if (stat) return stat->start_ticks == process.start_ticks && stat->state != 'Z' && stat->state != 'X';
    return ::kill(process.pid, 0) == 0 || errno == EPERM;  // hidepid: there, but not to be seen
}

Result<std::string> boot_id() {
    auto text = read_file("/proc/sys/kernel/random/boot_id");
    if (!text) return text.error();
    return without_newline(std::move(*text));
}

// Of the calling thread: unshare() and setns() move one thread, and it is the thread whose calls count.
Result<std::uint64_t> ipc_namespace() { return inode_of("/proc/thread-self/ns/ipc"); }
Result<std::uint64_t> pid_namespace() { return inode_of("/proc/thread-self/ns/pid"); }

std::string program_name() { return ::program_invocation_short_name; }

std::string program_name(pid_t pid) {
    auto text = read_file("/proc/" + std::to_string(pid) + "/comm");
    return text ? without_newline(std::move(*text)) : std::string();
}

uid_t effective_uid() noexcept { return ::geteuid(); }
gid_t effective_gid() noexcept { return ::getegid(); }

std::vector<gid_t> groups() {
    std::vector<gid_t> all;
    for (;;) {
        int const count = ::getgroups(0, nullptr);
        all.resize(static_cast<std::size_t>(std::max(count, 0)));
        int const got = ::getgroups(static_cast<int>(all.size()), all.data());
        if (got < 0 && errno == EINVAL) continue;  // became more in between
        all.resize(static_cast<std::size_t>(std::max(got, 0)));
        break;
    }
    all.push_back(::getegid());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

uid_t overflow_uid() {
    uid_t uid = 65534;
    if (auto const text = read_file("/proc/sys/kernel/overflowuid")) std::from_chars(text->data(), text->data() + text->size(), uid);
    return uid;
}

unsigned usable_cpus() noexcept {
    // The kernel refuses a mask that is smaller than its own.
    for (std::size_t cpus = CPU_SETSIZE; cpus <= std::size_t{CPU_SETSIZE} * 64; cpus *= 4) {
        cpu_set_t* const mask = CPU_ALLOC(cpus);
        if (mask == nullptr) return 1;
        std::size_t const bytes = CPU_ALLOC_SIZE(cpus);
        bool const known = ::sched_getaffinity(0, bytes, mask) == 0;
        int const count = known ? CPU_COUNT_S(bytes, mask) : 0;
        CPU_FREE(mask);
        if (known) return static_cast<unsigned>(std::max(count, 1));
    }
    return 1;
}

int current_cpu() noexcept { return ::sched_getcpu(); }

}  // namespace bus::sys
