// Makes, gives away and removes every kernel object of the bus.
//
// And if we die here? The key is in the registry before the object is made, under that key and no other (IPC_EXCL): whatever instruction
// busd dies at, the next one finds what there is by key or by id. An object is whole and has its owner before anybody else learns of it.
#pragma once

#include <bus/error.hpp>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "registry.hpp"
#include "shm/segment.hpp"
#include "sys/ipc_permissions.hpp"
#include "sys/semaphore_set.hpp"
#include "sys/shared_segment.hpp"

namespace bus::broker {

/// A segment just made: its content is laid out by the maker's `fill`, then its magic word is stored.
struct MadeSegment {
    shm::ObjectRef ref;
    sys::SegmentMapping mapping;
};

struct SegmentOrder {
    shm::ObjectKind object = shm::ObjectKind::none;
    shm::SegmentKind kind = shm::SegmentKind::none;
    std::size_t bytes = 0;
    sys::Ownership access;
    std::uint64_t about = 0;  // SegmentHead::object
    std::string text;         // for people: "cursors of session 17"
    bool huge_pages = false;  // where the kernel has some; else ordinary ones
};

class ObjectStore {
public:
    ObjectStore(sys::Directory const& folder, Registry registry, std::uint64_t generation)
        : folder_(&folder), registry_(std::move(registry)), generation_(generation) {}

    /// Errors of all three: limit: a kernel limit, with its name; io, limit: the registry can't be written. Nothing is left then.
    Result<shm::ObjectRef> create_queue(shm::ObjectKind kind, sys::Ownership access, std::string const& text);
    Result<shm::ObjectRef> create_set(shm::ObjectKind kind, std::span<sys::SemaphoreValue const> initial, sys::Ownership access,
                                      std::string const& text);
    using Fill = std::function<Result<void>(std::span<std::byte> segment)>;
    Result<MadeSegment> create_segment(SegmentOrder const& order, Fill const& fill = {});

    /// Removes an object this store knows, gone already or not. Segments stay until the last one has detached.
    void remove(shm::ObjectRef const& ref);
    /// Takes over one that an earlier busd made.
    void adopt(shm::RegistryRecord const& record) { objects_[record.key] = record; }
    /// Whether there is such an object, with that id.
    bool knows(shm::ObjectRef const& ref) const;
    /// The same, and it was made for that uid.
    bool knows(shm::ObjectRef const& ref, std::uint32_t uid) const;
    std::vector<shm::RegistryRecord> objects() const;
    /// What was made and is not there any more, though nobody here removed it.
    std::vector<shm::RegistryRecord> missing() const;
    /// One of those will not come back.
    void lost(shm::RegistryRecord const& record) { forget(record); }
    std::size_t count() const noexcept { return objects_.size(); }
    std::uint64_t generation() const noexcept { return generation_; }

private:
    Result<shm::RegistryRecord> intend(shm::ObjectKind kind, std::uint32_t uid, std::string const& text);
    Result<shm::ObjectRef> made(shm::RegistryRecord record, int id);
    void forget(shm::RegistryRecord record);
    void compact_sometimes();

    sys::Directory const* folder_;
    Registry registry_;
    std::uint64_t generation_;
    std::map<key_t, shm::RegistryRecord> objects_;  // as of their last record, intent or made
};

/// Whether it still stands under its key; a removed segment that is mapped somewhere does not. An object that can't be asked does.
bool is_there(shm::ObjectKind kind, shm::ObjectRef const& ref);

/// Whether it is the object of that record, or what an `intent` came to: made under its key, by us; and removes it.
/// Returns: whether there was one. Errors: not_permitted, io.
Result<bool> remove_registered(shm::RegistryRecord const& record, std::uint32_t creator);

}  // namespace bus::broker
