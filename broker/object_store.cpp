// Kernel objects and their records, in the order that survives a death anywhere.
#include "object_store.hpp"

#include <algorithm>

#include "log.hpp"
#include "sys/ipc_key.hpp"
#include "sys/message_queue.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

using shm::ObjectKind;
using shm::ObjectRef;
using shm::RegistryRecord;

constexpr std::size_t kCompactBeyond = 4096;  // records: half a MiB

enum class Family { queue, set, segment };

Family family_of(ObjectKind kind) {
    switch (kind) {
        case ObjectKind::rendezvous:
        case ObjectKind::lobby:
        case ObjectKind::requests:
            return Family::queue;
        case ObjectKind::alive:
        case ObjectKind::tokens:
        case ObjectKind::bells:
            return Family::set;
        default:
            return Family::segment;
    }
}

template <class Object>
Result<bool> remove_if_ours(int id, key_t key, std::uint32_t creator) {
    Object const object(id);
    auto const stat = object.stat();
    if (!stat) {
        if (stat.error() == Errc::not_found) return false;
        return stat.error();
    }
    if (stat->permissions.creator_uid != creator) return false;  // the id is somebody else's by now
    // A removed segment that is still attached has no key any more; it goes by itself.
    if (stat->permissions.key != key) return false;
    if (auto removed = object.remove(); !removed && removed.error() != Errc::not_found) return removed.error();
    return true;
}

template <class Object>
Result<bool> remove_by_record(RegistryRecord const& record, std::uint32_t creator) {
    int id = record.id;
    if (record.kind == shm::RegistryKind::intent) {
        auto const found = Object::open(record.key);
        if (!found) {
            if (found.error() == Errc::not_found) return false;
            return found.error();
        }
        id = found->id();
    }
    return remove_if_ours<Object>(id, record.key, creator);
}

template <class Object>
bool stands(ObjectRef const& ref) {
    auto const stat = Object(ref.id).stat();
    return stat ? stat->permissions.key == ref.key : stat.error() != Errc::not_found;
}

}  // namespace

bool is_there(ObjectKind kind, ObjectRef const& ref) {
    switch (family_of(kind)) {
        case Family::queue:
            return stands<sys::Queue>(ref);
        case Family::set:
            return stands<sys::SemaphoreSet>(ref);
        case Family::segment:
            break;
    }
    return stands<sys::Segment>(ref);
}

Result<bool> remove_registered(RegistryRecord const& record, std::uint32_t creator) {
    switch (family_of(record.object)) {
        case Family::queue:
            return remove_by_record<sys::Queue>(record, creator);
        case Family::set:
            return remove_by_record<sys::SemaphoreSet>(record, creator);
        case Family::segment:
            break;
    }
    return remove_by_record<sys::Segment>(record, creator);
}

Result<RegistryRecord> ObjectStore::intend(ObjectKind kind, std::uint32_t uid, std::string const& text) {
    auto const key = sys::random_key();
    if (!key) return key.error();
    RegistryRecord record{};
    record.kind = shm::RegistryKind::intent;
    record.object = kind;
    record.key = *key;
    record.id = -1;
    record.generation = generation_;
    record.uid = uid;
    shm::set_text(record, text);
    if (auto written = registry_.append(record); !written) return written.error();
    objects_[*key] = record;
    return record;
}

Result<ObjectRef> ObjectStore::made(RegistryRecord record, int id) {
    record.kind = shm::RegistryKind::made;
    record.id = id;
    if (auto written = registry_.append(record); !written) {
        objects_.erase(record.key);  // the caller removes the object; the intent alone means nothing then
        return written.error();
    }
    objects_[record.key] = record;
    compact_sometimes();
    return ObjectRef{id, record.key, record.cookie};
}

void ObjectStore::forget(RegistryRecord record) {
    record.kind = shm::RegistryKind::gone;
    if (auto written = registry_.append(record); !written) log::warning("registry: " + written.error().what());
    objects_.erase(record.key);
    compact_sometimes();
}

Result<ObjectRef> ObjectStore::create_queue(ObjectKind kind, sys::Ownership access, std::string const& text) {
    auto record = intend(kind, access.uid, text);
    if (!record) return record.error();
    auto queue = sys::OwnedQueue::create(record->key, 0600);
    auto const given = queue ? queue->get().set_owner(access) : Result<void>(queue.error());
    if (!given) {
        forget(*record);
        return given.error();
    }
    auto ref = made(*record, queue->id());
    if (ref) (void)queue->release();
    return ref;
}

Result<ObjectRef> ObjectStore::create_set(ObjectKind kind, std::span<sys::SemaphoreValue const> initial, sys::Ownership access,
                                          std::string const& text) {
    auto record = intend(kind, access.uid, text);
    if (!record) return record.error();
    auto set = sys::OwnedSemaphoreSet::create(record->key, initial, 0600);
    auto const given = set ? set->get().set_owner(access) : Result<void>(set.error());
    if (!given) {
        forget(*record);
        return given.error();
    }
    auto ref = made(*record, set->id());
    if (ref) (void)set->release();
    return ref;
}

Result<MadeSegment> ObjectStore::create_segment(SegmentOrder const& order, Fill const& fill) {
    auto const cookie = sys::random_cookie();
    if (!cookie) return cookie.error();
    auto record = intend(order.object, order.access.uid, order.text);
    if (!record) return record.error();
    record->cookie = shm::cookie_of(*cookie);

    auto segment = sys::OwnedSegment::create({.key = record->key, .size_bytes = order.bytes, .mode = 0600, .huge_pages = order.huge_pages});
    if (segment && order.huge_pages && !segment->has_huge_pages()) {
        log::info(order.text + ": the kernel has no huge pages for " + std::to_string(order.bytes) + " bytes; ordinary ones were taken");
    }
    Error why;
    if (segment) {
        auto mapping = sys::SegmentMapping::attach(segment->id(), sys::Access::read_write);
        Result<void> done;
        if (!mapping) {
            done = mapping.error();
        } else {
            shm::format_segment(mapping->writable_bytes(), {order.kind, record->cookie, order.access.uid, generation_, order.about});
            if (fill) done = fill(mapping->writable_bytes());
            if (done) done = segment->get().set_owner(order.access);
        }
        if (done) {
            shm::publish_segment(mapping->writable_bytes());
            auto ref = made(*record, segment->id());
            if (!ref) return ref.error();
            (void)segment->release();
            return MadeSegment{*ref, std::move(*mapping)};
        }
        why = done.error();
        (void)segment->remove();
    } else {
        why = segment.error();
    }
    forget(*record);
    return why;
}

void ObjectStore::remove(ObjectRef const& ref) {
    auto const found = objects_.find(ref.key);
    if (found == objects_.end()) return;
    auto const record = found->second;
    // If we die after the removal the next busd looks for an object that has gone: harmless. What can't be removed stays in the registry:
    // it is tried again at the end, and by the next busd.
    if (auto removed = remove_registered(record, sys::effective_uid()); !removed) return log::warning(removed.error().what());
    forget(record);
}

bool ObjectStore::knows(ObjectRef const& ref) const {
    auto const found = objects_.find(ref.key);
    return found != objects_.end() && found->second.id == ref.id;
}

bool ObjectStore::knows(ObjectRef const& ref, std::uint32_t uid) const { return knows(ref) && objects_.at(ref.key).uid == uid; }

std::vector<RegistryRecord> ObjectStore::missing() const {
    std::vector<RegistryRecord> gone;
    for (auto const& [key, record] : objects_) {
        if (record.kind == shm::RegistryKind::made && !is_there(record.object, {record.id, key, record.cookie})) gone.push_back(record);
    }
    return gone;
}

std::vector<RegistryRecord> ObjectStore::objects() const {
    std::vector<RegistryRecord> all;
    all.reserve(objects_.size());
    for (auto const& [key, record] : objects_) all.push_back(record);
    // Clients read the first records only.
    std::ranges::stable_sort(all, {}, [](RegistryRecord const& record) { return record.object; });
    return all;
}

void ObjectStore::compact_sometimes() {
    if (registry_.records() < kCompactBeyond || registry_.records() < 4 * objects_.size()) return;
    auto fresh = Registry::create(*folder_, generation_, objects());
    if (!fresh) return log::warning("registry: " + fresh.error().what());
    registry_ = std::move(*fresh);
}

}  // namespace bus::broker
