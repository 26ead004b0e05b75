// Finding and removing what a busd left.
#include "client/left_overs.hpp"

#include "sys/message_queue.hpp"
#include "sys/semaphore_set.hpp"
#include "sys/shared_segment.hpp"

namespace bus::client {

ObjectType type_of(shm::ObjectKind kind) {
    using shm::ObjectKind;
    switch (kind) {
        case ObjectKind::rendezvous:
        case ObjectKind::lobby:
        case ObjectKind::requests:
            return ObjectType::queue;
        case ObjectKind::alive:
        case ObjectKind::tokens:
        case ObjectKind::bells:
            return ObjectType::set;
        default:
            return ObjectType::segment;
    }
}

namespace {

// The id, if the object behind id or key is the broker's.
template <class Object>
std::optional<int> verified(shm::RegistryRecord const& record, std::uint32_t broker_uid) {
    int id = record.id;
    if (record.kind == shm::RegistryKind::intent) {
        auto const by_key = Object::open(record.key);
        if (!by_key) return std::nullopt;
        id = by_key->id();
    }
    auto const stat = Object(id).stat();
    if (!stat || stat->permissions.creator_uid != broker_uid || stat->permissions.key != record.key) return std::nullopt;
    return id;
}

std::optional<int> find(shm::RegistryRecord const& record, std::uint32_t broker_uid) {
    switch (type_of(record.object)) {
        case ObjectType::queue:
            return verified<sys::Queue>(record, broker_uid);
        case ObjectType::set:
            return verified<sys::SemaphoreSet>(record, broker_uid);
        case ObjectType::segment:
            break;
    }
    // The kernel takes the key away from a segment marked for removal: such a one is not found.
    return verified<sys::Segment>(record, broker_uid);
}

}  // namespace

std::string LeftOver::line() const {
    constexpr char const* kTypes[] = {"segment", "queue", "semaphore set"};
    return std::string(kTypes[static_cast<int>(type_of(kind))]) + " " + std::to_string(id) + " (" + std::string(shm::to_string(kind)) +
           (text.empty() ? "" : ": " + text) + ")";
}

std::vector<LeftOver> existing(std::vector<shm::RegistryRecord> const& records, std::uint32_t broker_uid) {
    std::vector<LeftOver> found;
    for (auto const& record : records)
        if (auto const id = find(record, broker_uid)) found.push_back({record.object, *id, record.key, std::string(shm::text_of(record))});
    return found;
}

Result<void> remove(LeftOver const& object) {
    auto removed = Result<void>();
    switch (type_of(object.kind)) {
        case ObjectType::queue:
            removed = sys::Queue(object.id).remove();
            break;
        case ObjectType::set:
            removed = sys::SemaphoreSet(object.id).remove();
            break;
        case ObjectType::segment:
            removed = sys::Segment(object.id).remove();
            break;
    }
    if (!removed && removed.error() == Errc::not_found) return {};
    return removed;
}

}  // namespace bus::client
