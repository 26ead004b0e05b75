// A POSIX record lock on a file: one process at a time, given back by the kernel at its death, and anybody may ask who holds it.
//
// Closing any descriptor of the file drops the lock of the whole process, and F_GETLK in the holder says "free". So a table of this
// process knows what it holds: a second taker of the same process is refused, and nothing here opens a file that is in the table.
// (Open-file-description locks have neither flaw, but pass to children and name no pid.)
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <optional>
#include <string>

#include "sys/fork_guard.hpp"

namespace bus::sys {

/// Holds the lock until destroyed. Move-only. In a forked child it holds nothing.
class RecordLock {
public:
    /// Makes the file where it is missing (mode 0644, never removed) and locks it.
    /// Errors: conflict: another process (what() names its pid) or this one holds it; not_permitted, invalid (a link), io.
    static Result<RecordLock> try_lock(std::string const& path);
    RecordLock(RecordLock&& other) noexcept;
    RecordLock& operator=(RecordLock&& other) noexcept;
    RecordLock(RecordLock const&) = delete;
    RecordLock& operator=(RecordLock const&) = delete;
    ~RecordLock();

private:
    RecordLock(ForkGuard guard, int fd) noexcept : guard_(guard), fd_(fd) {}
    ForkGuard guard_;
    int fd_ = -1;
};

/// The pid that holds the lock on that file, as seen from our pid namespace (0: held from outside of it); none: free, or no such file.
/// Right in the holding process too. Needs the right to read the file.
Result<std::optional<pid_t>> lock_holder(std::string const& path);

}  // namespace bus::sys
