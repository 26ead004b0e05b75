// What the kernel says of a process: whether it sleeps, and in which system call.
#pragma once

#include <sys/types.h>

namespace bus::test::churn {

/// 'R' runs or would run, 'S' sleeps, 'T' was stopped; 0: it has gone.
char state_of(pid_t pid);
/// Whether it waits in a system call, or did when it was stopped: for a semaphore with a time limit, or for descriptors.
bool waits_in_kernel(pid_t pid);
/// Waits until the stopped child stands still. Returns: false where it ended instead.
bool wait_until_stopped(pid_t pid);

}  // namespace bus::test::churn
