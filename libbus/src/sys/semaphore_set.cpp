// SysV semaphore sets.
#include "sys/semaphore_set.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

union Argument {  // the program has to declare it, says semctl(2)
    int value;
    semid_ds* state;
    SemaphoreValue* values;
};

std::string name(int id) { return "semaphore set " + std::to_string(id); }

std::string describe(std::span<sembuf const> operations) {
    if (operations.size() != 1) return std::to_string(operations.size()) + " operations";
    auto const& one = operations.front();
    return "semaphore " + std::to_string(one.sem_num) + " by " + std::to_string(one.sem_op) +
           ((one.sem_flg & SEM_UNDO) != 0 ? ", undo" : "");
}

Error operate_error(int why, int id, std::span<sembuf const> operations) {
    auto const arguments = std::to_string(id) + ", " + describe(operations);
    if (why == EINVAL) return {Errc::not_found, name(id) + " is gone: semop(" + arguments + ") failed: EINVAL", {}, why};
    if (why == EFBIG) return call_failed(Errc::invalid, why, "semop", arguments, name(id));  // no such index
    return call_failed(why, "semop", arguments, name(id));
}

sembuf operation(unsigned index, int by, Undo undo) noexcept {
    // An index beyond 65535 must not come out as another, valid one: the kernel refuses 65535 (a set has at most 32000).
    return {static_cast<unsigned short>(std::min(index, 0xffffU)), static_cast<short>(by), static_cast<short>(undo)};
}

Result<int> control(int id, unsigned index, int command, char const* command_name, Argument argument = {}) {
    int const answer = ::semctl(id, static_cast<int>(index), command, argument);
    if (answer >= 0) return answer;
    int const why = errno;
    auto const arguments = std::to_string(id) + ", " + std::to_string(index) + ", " + command_name;
    // EINVAL: the set has gone, or it has no such semaphore.
    bool const gone = why == EINVAL && !SemaphoreSet(id).stat();
    return call_failed(gone ? Errc::not_found : errc_of(why), why, "semctl", arguments, name(id));
}

/// SEM_STAT_ANY needs no permission but takes an index: the low bits of an id. What lies there may be a later object.
Result<semid_ds> read_state(int id) {
    semid_ds state{};
    Argument const argument{.state = &state};
    if (::semctl(id, 0, IPC_STAT, argument) == 0) return state;
    int const why = errno;
    if (why == EACCES && ::semctl(id, 0, SEM_STAT_ANY, argument) == id) return state;
    return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "semctl", std::to_string(id) + ", IPC_STAT", name(id));
}

}  // namespace

Result<SemaphoreSet> SemaphoreSet::open(key_t key) {
    int const id = ::semget(key, 0, 0);
    if (id < 0) return call_failed(errno, "semget", "key " + hex(static_cast<std::uint32_t>(key)));
    return SemaphoreSet(id);
}

void SemaphoreSet::ring(unsigned index) const noexcept {
    int const saved = errno;
    auto one = operation(index, 1, Undo::no);
    one.sem_flg = IPC_NOWAIT;
    (void)retry([&] { return ::semop(id_, &one, 1); });
    errno = saved;
}

Result<void> SemaphoreSet::try_operate(std::span<sembuf> operations) const {
    for (auto& one : operations) one.sem_flg = static_cast<short>(one.sem_flg | IPC_NOWAIT);
    if (retry([&] { return ::semop(id_, operations.data(), operations.size()); }) == 0) return {};
    if (errno == EAGAIN) return Errc::would_block;
    return operate_error(errno, id_, operations);
}

Result<void> SemaphoreSet::operate_until(std::span<sembuf> operations, Deadline deadline) const {
    for (auto& one : operations) one.sem_flg = static_cast<short>(one.sem_flg & ~IPC_NOWAIT);
    if (retry_until(deadline, [&](timespec const* rest) { return ::semtimedop(id_, operations.data(), operations.size(), rest); }) == 0) {
        return {};
    }
    if (errno == EAGAIN) return Errc::timeout;
    return operate_error(errno, id_, operations);
}

Result<void> SemaphoreSet::post(unsigned index, SemaphoreValue by, Undo undo) const {
    auto one = operation(index, by, undo);
    if (by == 0 || by > kSemaphoreMax) return Error(Errc::invalid, name(id_) + ": a semaphore can't be raised by " + std::to_string(by));
    return try_operate(std::span(&one, 1));
}

Result<void> SemaphoreSet::try_acquire(unsigned index, SemaphoreValue by, Undo undo) const {
    auto one = operation(index, -int{by}, undo);
    if (by == 0 || by > kSemaphoreMax) return Error(Errc::invalid, name(id_) + ": a semaphore can't be lowered by " + std::to_string(by));
    return try_operate(std::span(&one, 1));
}

Result<void> SemaphoreSet::acquire_until(unsigned index, Deadline deadline, SemaphoreValue by, Undo undo) const {
    auto one = operation(index, -int{by}, undo);
    if (by == 0 || by > kSemaphoreMax) return Error(Errc::invalid, name(id_) + ": a semaphore can't be lowered by " + std::to_string(by));
    return operate_until(std::span(&one, 1), deadline);
}

Result<void> SemaphoreSet::wait_zero_until(unsigned index, Deadline deadline) const {
    auto one = operation(index, 0, Undo::no);
    return operate_until(std::span(&one, 1), deadline);
}

Result<SemaphoreValue> SemaphoreSet::value(unsigned index) const {
    auto const answer = control(id_, index, GETVAL, "GETVAL");
    if (!answer) return answer.error();
    return static_cast<SemaphoreValue>(*answer);
}

Result<void> SemaphoreSet::read_values(std::span<SemaphoreValue> into) const {
    // GETALL writes as many as the set has, asking nobody how much room there is. The count of a set never changes.
    auto const state = stat();
    if (!state) return state.error();
    if (into.size() < state->count) {
        return Error(Errc::invalid,
                     name(id_) + " has " + std::to_string(state->count) + " semaphores, there is room for " + std::to_string(into.size()));
    }
    auto const answer = control(id_, 0, GETALL, "GETALL", {.values = into.data()});
    if (!answer) return answer.error();
    return {};
}

Result<std::vector<SemaphoreValue>> SemaphoreSet::values() const {
    auto const state = stat();
    if (!state) return state.error();
    std::vector<SemaphoreValue> values(state->count);
    if (auto const read = read_values(values); !read) return read.error();
    return values;
}

Result<pid_t> SemaphoreSet::last_pid(unsigned index) const { return control(id_, index, GETPID, "GETPID"); }

Result<unsigned> SemaphoreSet::waiters(unsigned index) const {
    auto const answer = control(id_, index, GETNCNT, "GETNCNT");
    if (!answer) return answer.error();
    return static_cast<unsigned>(*answer);
}

Result<SemaphoreStat> SemaphoreSet::stat() const {
    auto const state = read_state(id_);
    if (!state) return state.error();
    return SemaphoreStat{permissions_of(state->sem_perm), state->sem_nsems};
}

Result<void> SemaphoreSet::set_owner(Ownership const& to) const {
    auto state = read_state(id_);
    if (!state) return state.error();
    apply(to, state->sem_perm);
    auto const answer = control(id_, 0, IPC_SET, "IPC_SET", {.state = &*state});
    if (!answer) return answer.error();
    return {};
}

Result<void> SemaphoreSet::remove() const {
    auto const answer = control(id_, 0, IPC_RMID, "IPC_RMID");
    if (!answer) return answer.error();
    return {};
}

Result<OwnedSemaphoreSet> OwnedSemaphoreSet::create(key_t key, std::span<SemaphoreValue const> initial, mode_t mode) {
    auto const arguments =
        "key " + hex(static_cast<std::uint32_t>(key)) + ", " + std::to_string(initial.size()) + " semaphores, mode " + octal(mode);
    if (initial.empty()) return Error(Errc::invalid, "a set without semaphores can't be made (" + arguments + ")");
    if (auto const most = std::max_element(initial.begin(), initial.end()); *most > kSemaphoreMax) {
        return Error(Errc::invalid, "a semaphore can't start at " + std::to_string(*most) + ", it counts to 32767");
    }
    int const id = ::semget(key, static_cast<int>(initial.size()), IPC_CREAT | IPC_EXCL | 0600);
    if (id < 0) {
        int const why = errno;
        return call_failed(why == EINVAL ? Errc::too_large : errc_of(why), why, "semget", arguments);
    }
    OwnedSemaphoreSet owned(id);
    std::vector<SemaphoreValue> values(initial.begin(), initial.end());
    if (auto const set = control(id, 0, SETALL, "SETALL", {.values = values.data()}); !set) return set.error();
    if (mode == 0600) return owned;
    auto const perm = owned.get().stat();
    if (!perm) return perm.error();
    auto const set = owned.get().set_owner({perm->permissions.owner_uid, perm->permissions.owner_gid, mode});
    if (!set) return set.error();
    return owned;
}

OwnedSemaphoreSet& OwnedSemaphoreSet::operator=(OwnedSemaphoreSet&& other) noexcept {
    std::swap(guard_, other.guard_);
    std::swap(id_, other.id_);
    return *this;
}

OwnedSemaphoreSet::~OwnedSemaphoreSet() {
    if (id_ >= 0 && !guard_.in_child()) ::semctl(id_, 0, IPC_RMID);
}

Result<void> OwnedSemaphoreSet::remove() { return SemaphoreSet(std::exchange(id_, -1)).remove(); }

}  // namespace bus::sys
