// SysV message queues.
#include "sys/message_queue.hpp"

#include <sys/msg.h>

#include <array>
#include <climits>
#include <cstring>
#include <memory>
#include <random>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

constexpr std::size_t kOnStack = 8192;  // kernel.msgmax as kernels are shipped

// What msgsnd and msgrcv want: the type, then the bytes. On the stack unless somebody raised kernel.msgmax.
class Frame {
public:
    explicit Frame(std::size_t bytes) {
        if (bytes > kOnStack) heap_ = std::make_unique_for_overwrite<std::byte[]>(sizeof(long) + bytes);
    }
    void* get() noexcept { return heap_ ? heap_.get() : stack_.data(); }
    void set_type(long type) noexcept { std::memcpy(get(), &type, sizeof type); }
    long type() noexcept {
        long type = 0;
        std::memcpy(&type, get(), sizeof type);
        return type;
    }
    std::byte* text() noexcept { return static_cast<std::byte*>(get()) + sizeof(long); }

private:
    alignas(long) std::array<std::byte, sizeof(long) + kOnStack> stack_;  // not set to zero: 8 KiB for a message of 16 bytes
    std::unique_ptr<std::byte[]> heap_;
};

std::string name(int id) { return "message queue " + std::to_string(id); }

std::size_t largest_message() noexcept {
    msginfo info{};
    return ::msgctl(0, IPC_INFO, reinterpret_cast<msqid_ds*>(&info)) < 0 ? kOnStack : static_cast<std::size_t>(info.msgmax);
}

Error send_error(int why, int id, long type, std::size_t bytes) {
    if (why == EAGAIN) return Errc::would_block;
    auto const arguments = "id " + std::to_string(id) + ", type " + std::to_string(type) + ", " + std::to_string(bytes) + " bytes";
    if (why != EINVAL) return call_failed(why, "msgsnd", arguments, name(id));
    if (type < 1)
        return {Errc::invalid, name(id) + ": a message of type " + std::to_string(type) + " can't be sent, types start at 1", {}, why};
    if (bytes > largest_message()) return call_failed(Errc::too_large, why, "msgsnd", arguments, name(id));
    return {Errc::not_found, name(id) + " is gone: msgsnd(" + arguments + ") failed: EINVAL", {}, why};
}

Error receive_error(int why, int id, long type, std::size_t room) {
    if (why == ENOMSG) return Errc::would_block;
    auto const arguments = "id " + std::to_string(id) + ", type " + std::to_string(type) + ", room for " + std::to_string(room) + " bytes";
    if (why == EINVAL) return {Errc::not_found, name(id) + " is gone: msgrcv(" + arguments + ") failed: EINVAL", {}, why};
    return call_failed(why, "msgrcv", arguments, name(id));
}

/// msgctl that tells a vanished id from other EINVALs: these commands know no other cause.
Result<void> control(int id, int command, msqid_ds* data, char const* command_name) {
    if (::msgctl(id, command, data) >= 0) return {};
    int const why = errno;
    return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "msgctl", std::to_string(id) + ", " + command_name, name(id));
}

/// MSG_STAT_ANY needs no permission but takes an index: the low bits of an id. What lies there may be a later object.
Result<msqid_ds> read_state(int id) {
    msqid_ds state{};
    if (::msgctl(id, IPC_STAT, &state) == 0) return state;
    int const why = errno;
    if (why == EACCES && ::msgctl(id, MSG_STAT_ANY, &state) == id) return state;
    return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "msgctl", std::to_string(id) + ", IPC_STAT", name(id));
}

}  // namespace

Result<Queue> Queue::open(key_t key) {
    int const id = ::msgget(key, 0);
    if (id < 0) return call_failed(errno, "msgget", "key " + hex(static_cast<std::uint32_t>(key)));
    return Queue(id);
}

Result<void> Queue::try_send(long type, std::span<std::byte const> bytes) const {
    Frame frame(bytes.size());
    frame.set_type(type);
    if (!bytes.empty()) std::memcpy(frame.text(), bytes.data(), bytes.size());
    if (retry([&] { return ::msgsnd(id_, frame.get(), bytes.size(), IPC_NOWAIT); }) == 0) return {};
    return send_error(errno, id_, type, bytes.size());
}

Result<void> Queue::send_until(long type, std::span<std::byte const> bytes, Deadline deadline) const {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::int64_t longest_us = 100;
    for (;;) {
        auto sent = try_send(type, bytes);
        if (sent || !(sent.error() == Errc::would_block)) return sent;
        if (has_passed(deadline)) return Errc::timeout;
        std::chrono::microseconds const nap(std::uniform_int_distribution<std::int64_t>(50, longest_us)(random));
        longest_us = std::min<std::int64_t>(longest_us * 2, 2000);
        timespec const rest = to_timespec(std::min<Duration>(nap, remaining(deadline)));
        ::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);  // a signal ends the nap early, which does no harm
    }
}

Result<Received> Queue::try_receive(long type, std::span<std::byte> into) const {
    Frame frame(into.size());
    auto const got = retry([&] { return ::msgrcv(id_, frame.get(), into.size(), type, IPC_NOWAIT); });
    if (got < 0) return receive_error(errno, id_, type, into.size());
    if (got > 0) std::memcpy(into.data(), frame.text(), static_cast<std::size_t>(got));
    return Received{frame.type(), static_cast<std::size_t>(got)};
}

Result<QueueStat> Queue::stat() const {
    auto const state = read_state(id_);
    if (!state) return state.error();
    return QueueStat{
        permissions_of(state->msg_perm), state->__msg_cbytes, state->msg_qnum, state->msg_qbytes, state->msg_lspid, state->msg_lrpid};
}

Result<void> Queue::set_owner(Ownership const& to) const {
    auto state = read_state(id_);
    if (!state) return state.error();
    apply(to, state->msg_perm);
    return control(id_, IPC_SET, &*state, "IPC_SET");
}

Result<void> Queue::set_capacity(std::size_t bytes) const {
    if (bytes > INT_MAX) return Error(Errc::invalid, name(id_) + ": " + std::to_string(bytes) + " bytes are more than a queue can have");
    auto state = read_state(id_);
    if (!state) return state.error();
    state->msg_qbytes = bytes;
    return control(id_, IPC_SET, &*state, "IPC_SET");
}

Result<void> Queue::remove() const { return control(id_, IPC_RMID, nullptr, "IPC_RMID"); }

Result<OwnedQueue> OwnedQueue::create(key_t key, mode_t mode) {
    int const id = ::msgget(key, IPC_CREAT | IPC_EXCL | static_cast<int>(mode & 0777));
    if (id < 0) return call_failed(errno, "msgget", "key " + hex(static_cast<std::uint32_t>(key)) + ", mode " + octal(mode));
    return OwnedQueue(id);
}

OwnedQueue& OwnedQueue::operator=(OwnedQueue&& other) noexcept {
    std::swap(guard_, other.guard_);
    std::swap(id_, other.id_);
    return *this;
}

OwnedQueue::~OwnedQueue() {
    if (id_ >= 0 && !guard_.in_child()) ::msgctl(id_, IPC_RMID, nullptr);
}

Result<void> OwnedQueue::remove() { return Queue(std::exchange(id_, -1)).remove(); }

}  // namespace bus::sys
