// Named pipes as doorbells and as witnesses of death.
//
// The sleeper holds the read end, anybody admitted holds a write end and writes one byte to ring. All ends are O_NONBLOCK: a pipe that
// is full rings already. When the last reader dies or execs, pollers of a write end see POLLERR, and opening one says closed.
//
// The reader opens O_RDWR. A read end alone reports POLLHUP for ever once the last writer has left (a broker that died, say), and a
// level-triggered wait would spin. Its own write end dies with it, so its death still shows. It needs the right to write for that, and
// so does everybody else of its uid, who rings.
//
// A write to a pipe nobody reads raises SIGPIPE, and a library must not change what the program does with it. So ring() writes with
// RWF_NOSIGNAL where the kernel has that (6.18), one system call; elsewhere it blocks SIGPIPE for its thread around the write and takes
// the one it caused out again. A writer that opened O_RDWR would see no SIGPIPE, but be a reader itself and hide the death of the others.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <string>

#include "sys/fork_guard.hpp"

namespace bus::sys {

/// Makes a FIFO with exactly `mode`, whatever the umask. Errors: conflict: the name is taken; not_found, not_permitted, limit, io.
Result<void> create_fifo(std::string const& path, mode_t mode);

/// What an access list allows a uid.
enum class FifoRights : unsigned { read = 4, write = 2, read_write = 6 };

/// Adds `user:uid:rights` to the file's access list, everything else as its mode says. Only the owner may.
/// The entry stands instead of what the mode says for others: a uid given `read` can't write, though others may. A FifoReader needs
/// read_write.
/// Errors: invalid: the file system has no access lists (the hint says what to do); not_found, not_permitted, io.
Result<void> grant(std::string const& path, uid_t uid, FifoRights rights);

/// The read end. In a forked child it is closed: a copy there would hide our death.
class FifoReader {
public:
    /// Errors: not_found, not_permitted; invalid: not a FIFO, or a link.
    static Result<FifoReader> open(std::string const& path);
    int fd() const noexcept { return descriptor_.fd(); }  // for poll: readable when rung
    /// Takes out what was rung. Returns: whether there was anything.
    Result<bool> drain() const;

private:
    explicit FifoReader(ProcessDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    ProcessDescriptor descriptor_;
};

/// A write end. Threads: any.
class FifoWriter {
public:
    /// Errors: closed: nobody reads it; not_found, not_permitted; invalid: not a FIFO, or a link.
    static Result<FifoWriter> open(std::string const& path);
    int fd() const noexcept { return descriptor_.fd(); }  // for poll: POLLERR when the last reader has gone
    /// Writes one byte; a pipe that is full is rung already. Raises no signal. Errors: closed (bare code): nobody reads it any more.
    Result<void> ring() const;
    /// Whether anybody has the read end open now.
    Result<bool> has_reader() const;

private:
    explicit FifoWriter(ProcessDescriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
    ProcessDescriptor descriptor_;
};

}  // namespace bus::sys
