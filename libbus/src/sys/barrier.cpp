// membarrier(2), which the C library does not wrap.
#include "sys/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0U, 0); }

Result<void> run(int command, char const* name) {
    if (membarrier(command) == 0) return {};
    int const why = errno;
    return call_failed(why == ENOSYS || why == EINVAL ? Errc::not_permitted : errc_of(why), why, "membarrier", name);
}

}  // namespace

bool has_global_barrier() noexcept {
    static bool const has = [] {
        constexpr long kNeeded = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
        long const commands = membarrier(MEMBARRIER_CMD_QUERY);
        return commands >= 0 && (commands & kNeeded) == kNeeded;
    }();
    return has;
}

Result<void> register_for_global_barrier() { return run(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, "REGISTER_GLOBAL_EXPEDITED"); }

Result<void> global_barrier() { return run(MEMBARRIER_CMD_GLOBAL_EXPEDITED, "GLOBAL_EXPEDITED"); }

}  // namespace bus::sys
