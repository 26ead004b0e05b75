// SysV message queues: OwnedQueue made one and removes it, Queue uses one by its id.
//
// Messages are never cut (no MSG_NOERROR). Nothing here waits in the kernel: msgsnd and msgrcv know no timeout, so a send with a
// deadline tries again with jitter, and who waits for an answer waits on a bell. An id whose object has gone is not_found, told apart
// from the other causes of EINVAL.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <cstddef>
#include <span>

#include "sys/clock.hpp"
#include "sys/fork_guard.hpp"
#include "sys/ipc_permissions.hpp"

namespace bus::sys {

struct QueueStat {
    Permissions permissions;
    std::size_t bytes = 0;  // waiting in it
    std::size_t messages = 0;
    std::size_t capacity_bytes = 0;  // msg_qbytes
    pid_t last_sender = 0;           // 0: none, or outside our pid namespace
    pid_t last_receiver = 0;
};

struct Received {
    long type = 0;
    std::size_t bytes = 0;
};

/// Uses a queue; a value, owns nothing. Threads: any.
class Queue {
public:
    explicit Queue(int id) noexcept : id_(id) {}
    /// The id behind a key. No permission is needed for this. Errors: not_found.
    static Result<Queue> open(key_t key);
    int id() const noexcept { return id_; }

    /// Errors: would_block  it is full (bare code)        too_large      more than kernel.msgmax
    ///         not_found    the queue has gone            not_permitted  the mode says so
    ///         invalid      type < 1
    Result<void> try_send(long type, std::span<std::byte const> bytes) const;
    /// Tries again until `deadline`, each time after a nap of 50 us to 2 ms at random: many senders of a full queue don't march in step.
    /// Errors: as above, but timeout (bare code) for would_block.
    Result<void> send_until(long type, std::span<std::byte const> bytes, Deadline deadline) const;
    /// The first message (`type` 0), the first of a type (> 0), or the first of the lowest type up to -type (< 0).
    /// Errors: would_block  there is none (bare code)     too_large  `into` is too small; the message stays where it is
    ///         not_found, not_permitted
    Result<Received> try_receive(long type, std::span<std::byte> into) const;

    /// Works whatever the mode. Errors: not_found.
    Result<QueueStat> stat() const;
    Result<void> set_owner(Ownership const& to) const;
    /// Errors: not_permitted: above kernel.msgmnb without CAP_SYS_RESOURCE; invalid: more than INT_MAX, which the kernel would cut.
    Result<void> set_capacity(std::size_t bytes) const;
    /// Who waits in it gets not_found. Errors: not_found: it had gone already.
    Result<void> remove() const;

private:
    int id_;
};

/// Made a queue, and removes it in the destructor (not in a forked child) unless released. Move-only.
class OwnedQueue {
public:
    /// A new queue under `key`. Errors: conflict: the key is taken; limit: kernel.msgmni.
    static Result<OwnedQueue> create(key_t key, mode_t mode);
    /// Takes over one that somebody else made.
    static OwnedQueue adopt(Queue queue) noexcept { return OwnedQueue(queue.id()); }
    OwnedQueue(OwnedQueue&& other) noexcept : guard_(other.guard_), id_(std::exchange(other.id_, -1)) {}
    OwnedQueue& operator=(OwnedQueue&& other) noexcept;
    OwnedQueue(OwnedQueue const&) = delete;
    OwnedQueue& operator=(OwnedQueue const&) = delete;
    ~OwnedQueue();

    Queue get() const noexcept { return Queue(id_); }
    int id() const noexcept { return id_; }
    /// Removes it now and says how that went.
    Result<void> remove();
    /// Leaves it to live on.
    Queue release() noexcept { return Queue(std::exchange(id_, -1)); }

private:
    explicit OwnedQueue(int id) noexcept : id_(id) {}
    ForkGuard guard_;
    int id_ = -1;
};

}  // namespace bus::sys
