// SysV semaphore sets: OwnedSemaphoreSet made one and removes it, SemaphoreSet uses one by its id.
//
// Initial values are given at creation and only there: SETVAL and SETALL erase what the kernel would undo for a dead process, so its
// death would never be seen. They are not offered for a set in use.
#pragma once

#include <sys/sem.h>
#include <sys/types.h>

#include <bus/error.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sys/clock.hpp"
#include "sys/fork_guard.hpp"
#include "sys/ipc_permissions.hpp"

namespace bus::sys {

using SemaphoreValue = unsigned short;                   // 0 to 32767
inline constexpr SemaphoreValue kSemaphoreMax = 32'767;  // SEMVMX

/// yes: the kernel takes the change back when this process ends; kept over exec, not inherited by children, not run at the end of a thread.
enum class Undo : short { no = 0, yes = SEM_UNDO };

struct SemaphoreStat {
    Permissions permissions;
    std::size_t count = 0;  // semaphores in the set
};

/// Uses a set; a value, owns nothing. Threads: any. All waits are ended by a removal: not_found.
class SemaphoreSet {
public:
    explicit SemaphoreSet(int id) noexcept : id_(id) {}
    /// The id behind a key. No permission is needed for this. Errors: not_found.
    static Result<SemaphoreSet> open(key_t key);
    int id() const noexcept { return id_; }

    /// Errors: limit: it would pass 32767; invalid: no such index; not_found; not_permitted: no right to alter.
    Result<void> post(unsigned index, SemaphoreValue by = 1, Undo undo = Undo::no) const;
    /// post() of one for a bell, where nobody can be told of errors. For signal handlers too: keeps errno, allocates nothing, never waits.
    void ring(unsigned index) const noexcept;
    /// Takes `by` at once or says would_block (bare code).
    Result<void> try_acquire(unsigned index, SemaphoreValue by = 1, Undo undo = Undo::no) const;
    /// Waits for it until `deadline`; then timeout (bare code). A deadline that has passed: tries once.
    Result<void> acquire_until(unsigned index, Deadline deadline, SemaphoreValue by = 1, Undo undo = Undo::no) const;
    /// Waits until the value is 0; needs the right to read only. Errors: timeout (bare code).
    Result<void> wait_zero_until(unsigned index, Deadline deadline) const;
    /// Several operations, all or none (at most kernel.sem's third number, 500). Flags are the caller's but for
    /// IPC_NOWAIT, which is set or cleared as the call needs it.
    Result<void> try_operate(std::span<sembuf> operations) const;
    Result<void> operate_until(std::span<sembuf> operations, Deadline deadline) const;

    Result<SemaphoreValue> value(unsigned index) const;
    /// All values; `into` must have room for all of them. Allocates nothing.
    Result<void> read_values(std::span<SemaphoreValue> into) const;
    Result<std::vector<SemaphoreValue>> values() const;
    /// Who last changed it. 0: nobody yet, or outside our pid namespace. An undo at death counts as a change by the dead.
    Result<pid_t> last_pid(unsigned index) const;
    /// Threads that wait for it to grow.
    Result<unsigned> waiters(unsigned index) const;

    /// Works whatever the mode. Errors: not_found.
    Result<SemaphoreStat> stat() const;
    Result<void> set_owner(Ownership const& to) const;
    Result<void> remove() const;

private:
    int id_;
};

/// Made a set, and removes it in the destructor (not in a forked child) unless released. Move-only.
class OwnedSemaphoreSet {
public:
    /// A new set with one semaphore for each initial value. Until the values are set only the creator may use it: then it gets `mode`.
    /// Errors: conflict: the key is taken; limit: kernel.sem's second or fourth number; too_large: the first; invalid: no values.
    static Result<OwnedSemaphoreSet> create(key_t key, std::span<SemaphoreValue const> initial, mode_t mode);
    static OwnedSemaphoreSet adopt(SemaphoreSet set) noexcept { return OwnedSemaphoreSet(set.id()); }
    OwnedSemaphoreSet(OwnedSemaphoreSet&& other) noexcept : guard_(other.guard_), id_(std::exchange(other.id_, -1)) {}
    OwnedSemaphoreSet& operator=(OwnedSemaphoreSet&& other) noexcept;
    OwnedSemaphoreSet(OwnedSemaphoreSet const&) = delete;
    OwnedSemaphoreSet& operator=(OwnedSemaphoreSet const&) = delete;
    ~OwnedSemaphoreSet();

    SemaphoreSet get() const noexcept { return SemaphoreSet(id_); }
    int id() const noexcept { return id_; }
    Result<void> remove();
    SemaphoreSet release() noexcept { return SemaphoreSet(std::exchange(id_, -1)); }

private:
    explicit OwnedSemaphoreSet(int id) noexcept : id_(id) {}
    ForkGuard guard_;
    int id_ = -1;
};

}  // namespace bus::sys
