// Checking queues and sets against what the directory says.
#include "client/objects.hpp"

#include <array>
#include <charconv>
#include <string>

#include "sys/syscall.hpp"

namespace bus::client {

namespace {

template <class Object>
Result<Object> checked(Object object, char const* kind, shm::ObjectRef const& ref, std::uint32_t broker_uid) {
    auto const stat = object.stat();
    if (!stat) return stat.error();
    auto const& has = stat->permissions;
    if (has.key == ref.key && has.creator_uid == broker_uid) return object;
    return Error(Errc::not_found,
                 std::string(kind) + " " + std::to_string(ref.id) + " is not the bus's any more: key " +
                     sys::hex(static_cast<std::uint32_t>(has.key)) + " made by uid " + std::to_string(has.creator_uid) + ", expected key " +
                     sys::hex(static_cast<std::uint32_t>(ref.key)) + " made by uid " + std::to_string(broker_uid),
                 "");
}

}  // namespace

Result<sys::Queue> open_queue(shm::ObjectRef const& ref, std::uint32_t broker_uid) {
    return checked(sys::Queue(ref.id), "message queue", ref, broker_uid);
}

Result<sys::SemaphoreSet> open_set(shm::ObjectRef const& ref, std::uint32_t broker_uid) {
    return checked(sys::SemaphoreSet(ref.id), "semaphore set", ref, broker_uid);
}

std::string fifo_name(std::uint64_t session_id) {
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), session_id, 16).ptr;
    return "fifo/" + std::string(digits.data(), end);
}

}  // namespace bus::client
