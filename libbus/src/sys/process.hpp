// Who we are, who others are, and where we run.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace bus::sys {

/// A process, never mistaken for a later one with the same pid.
struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  // since boot, field 22 of /proc/PID/stat
    friend bool operator==(ProcessId const&, ProcessId const&) = default;
};

/// Errors: not_found: there is none.
Result<ProcessId> process_id(pid_t pid);
/// Ourselves; right after a fork too.
Result<ProcessId> own_process_id();
/// Whether that very process is still there and not a zombie. A process we may not see counts as dead only where its pid is unused.
bool is_running(ProcessId const& process);

/// The kernel's random number of this boot, 36 characters.
Result<std::string> boot_id();
/// Which IPC namespace we are in; equal numbers of one boot are the same namespace.
Result<std::uint64_t> ipc_namespace();
/// The pid namespace likewise: pids of two processes compare only where it is the same.
Result<std::uint64_t> pid_namespace();

/// The file name of the program that runs here: "busd".
std::string program_name();
/// /proc/PID/comm; empty where there is none.
std::string program_name(pid_t pid);

uid_t effective_uid() noexcept;
gid_t effective_gid() noexcept;
/// All groups of this process, the effective one included, sorted.
std::vector<gid_t> groups();
/// What the kernel shows for a uid that has no name in our user namespace: 65534 mostly.
uid_t overflow_uid();

/// CPUs this thread may run on: at least 1. Where it is 1, spinning keeps the other side from running.
unsigned usable_cpus() noexcept;
/// The CPU this thread runs on just now; -1 where unknown.
int current_cpu() noexcept;

}  // namespace bus::sys
