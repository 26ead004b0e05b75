// Memory fences, and the kernel's way to make other processes fence (membarrier).
//
// GLOBAL_EXPEDITED runs a full fence on every CPU that runs a registered process. So a sleeper pays for the fence its publishers left
// out. Registering costs microseconds in a process with one thread and tens of milliseconds in one with several: never on a data path.
#pragma once

#include <atomic>
#include <bus/error.hpp>

namespace bus::sys {

/// Orders everything before it and everything after it, in all threads that do the same.
inline void full_fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

/// Whether this kernel lets us register and call; asked once. False where membarrier is missing, forbidden or too old.
bool has_global_barrier() noexcept;

/// From now on global_barrier() of any process fences our threads too. Ends with exec.
/// Errors: not_permitted, io.
Result<void> register_for_global_barrier();

/// Returns after every running thread of every registered process has passed a full fence since the call. Fences the caller too.
/// The caller need not be registered. Errors: not_permitted, io.
Result<void> global_barrier();

}  // namespace bus::sys
