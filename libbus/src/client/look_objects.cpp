// The kernel objects of a bus, as its registry names them and as the kernel sees them now.
#include <map>

#include <sys/stat.h>

#include "client/left_overs.hpp"
#include "client/look.hpp"
#include "client/objects.hpp"
#include "shm/registry_reader.hpp"
#include "sys/directory.hpp"

namespace bus::client {

namespace {

void describe(KernelObject& object, sys::Permissions const& permissions) {
    object.uid = permissions.owner_uid;
    object.mode = permissions.mode;
}

template <class Stat>
void describe(KernelObject& object, Result<Stat> const& stat) {
    object.exists = stat.has_value() && stat->permissions.key == object.key;
    if (!object.exists) return;
    describe(object, stat->permissions);
    if constexpr (std::is_same_v<Stat, sys::SegmentStat>) {
        object.kind = KernelObject::Kind::segment;
        object.bytes = stat->size_bytes;
        object.messages = stat->attached;
    } else if constexpr (std::is_same_v<Stat, sys::QueueStat>) {
        object.kind = KernelObject::Kind::queue;
        object.bytes = stat->bytes;
        object.messages = stat->messages;
    } else {
        object.kind = KernelObject::Kind::semaphores;
        object.messages = stat->count;
    }
}

// Whose a segment is: session ids by segment id.
std::map<int, std::uint64_t> owners(shm::DirectoryView const& directory) {
    std::map<int, std::uint64_t> sessions;
    for (auto const& session : all_of<shm::SessionEntry>(directory)) sessions[session->cursors.id] = session->session_id;
    for (auto const& ring : all_of<shm::RingEntry>(directory)) sessions[ring->segment.id] = ring->session_id;
    return sessions;
}

std::optional<KernelObject> fifo(std::string path, std::string use, std::uint64_t client) {
    struct stat stat {};
    if (::lstat(path.c_str(), &stat) != 0) return std::nullopt;
    KernelObject object{.kind = KernelObject::Kind::fifo, .use = std::move(use)};
    object.uid = stat.st_uid;
    object.mode = stat.st_mode & 0777;
    object.client = client;
    object.path = std::move(path);
    return object;
}

}  // namespace

KernelObject described(shm::RegistryRecord const& record) {
    KernelObject object{.use = std::string(shm::to_string(record.object)), .id = record.id, .key = record.key};
    switch (type_of(record.object)) {
        case ObjectType::queue:
            object.kind = KernelObject::Kind::queue;
            describe(object, sys::Queue(record.id).stat());
            break;
        case ObjectType::set:
            object.kind = KernelObject::Kind::semaphores;
            describe(object, sys::SemaphoreSet(record.id).stat());
            break;
        case ObjectType::segment:
            describe(object, sys::Segment(record.id).stat());
            break;
    }
    return object;
}

Result<std::vector<KernelObject>> Look::objects() const {
    auto const registry = shm::read_registry(bus_.path_of("registry"));
    if (!registry) return registry.error();
    auto const sessions = owners(bus_.directory());
    std::vector<KernelObject> objects;
    for (auto const& record : registry->alive()) {
        // Only an intent: being made just now, or busd died there. bus doctor looks for those.
        if (record.kind != shm::RegistryKind::made) continue;
        objects.push_back(described(record));
        if (auto const owner = sessions.find(record.id); owner != sessions.end() && objects.back().kind == KernelObject::Kind::segment)
            objects.back().client = owner->second;
    }
    if (auto knock = fifo(bus_.path_of("knock"), "knock", 0)) objects.push_back(std::move(*knock));
    for (auto const& session : all_of<shm::SessionEntry>(bus_.directory()))
        if (auto bell = fifo(bus_.path_of(fifo_name(session->session_id)), "bell", session->session_id))
            objects.push_back(std::move(*bell));
    return objects;
}

}  // namespace bus::client
