// What `bus doctor` sees and cleans: every bus that could be found from here, and what dead ones left.
//
// Cleaning takes the bus's lock, as a busd would: none can start meanwhile. Nothing is removed while a client holds its session's token:
// a new busd would adopt that client, so its bus is not left over at all.
#include <algorithm>
#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "client/left_overs.hpp"
#include "client/look.hpp"
#include "client/objects.hpp"
#include "client/runtime_folder.hpp"
#include "sys/process.hpp"
#include "sys/record_lock.hpp"

namespace bus {

namespace {

using State = FoundBus::State;

// Those whose token is taken. Also where busd died before it wrote the session `live`: whoever holds the token lives.
std::vector<Identity> holders_of(client::AttachedBus const& bus) {
    client::SegmentCache segments(bus.broker_uid());
    std::vector<Identity> holders;
    for (auto const& client : client::Look(bus, segments).clients())
        if (client.alive) holders.push_back(client.identity);
    return holders;
}

bool is_elsewhere(shm::Registry const& registry) {
    auto const boot = sys::boot_id();
    auto const ours = sys::ipc_namespace();
    return (boot && *boot != shm::text_of(registry.head)) || (ours && *ours != registry.head.ipc_namespace);
}

client::AttachedBusPtr attach(FoundBus const& found, shm::Registry const& registry) {
    auto const* const record = registry.find(shm::ObjectKind::directory);
    if (record == nullptr) return nullptr;
    auto segment = shm::AttachedSegment::open({record->id, record->key, record->cookie}, shm::SegmentKind::directory, found.uid,
                                              sys::Access::read_only);
    if (!segment) return nullptr;
    auto const view = shm::DirectoryView::open(segment->bytes());
    if (!view) return nullptr;
    return std::make_shared<client::AttachedBus const>(found.bus, found.folder, found.uid, std::move(*segment), *view);
}

std::vector<shm::RegistryRecord> with_ids(shm::Registry const& registry, std::uint32_t broker_uid) {
    auto records = registry.alive();
    std::vector<shm::RegistryRecord> found;
    for (auto const& object : client::existing(records, broker_uid))
        for (auto record : records)
            if (record.key == object.key) {
                record.id = object.id;
                found.push_back(record);
                break;
            }
    return found;
}

FoundBus look_at(std::string const& name, sys::Directory const& folder) {
    FoundBus found{.bus = name, .folder = folder.path(), .uid = folder.owner_uid()};
    auto const holder = sys::lock_holder(folder.path_of("lock"));
    bool const locked = holder && holder->has_value();
    if (locked) found.broker_pid = **holder;
    auto const registry = shm::read_registry(folder.path_of("registry"));
    if (!registry) {
        found.state = locked ? State::serving : State::empty;
        return found;
    }
    if (is_elsewhere(*registry)) {
        found.state = State::elsewhere;
        return found;
    }
    for (auto const& record : with_ids(*registry, found.uid)) found.objects.push_back(client::described(record));
    if (auto const bus = attach(found, *registry)) {
        found.holders = holders_of(*bus);
        if (!locked) found.broker_pid = bus->head().broker_pid;
        found.state = locked || bus->broker_alive() ? State::serving : State::dead;
        return found;
    }
    found.state = locked ? State::serving : found.objects.empty() ? State::empty : State::dead;
    return found;
}

std::vector<std::string> parents(ConnectionOptions const& options) {
    std::vector<std::string> folders;
    for (auto const& place : client::runtime_places(options)) folders.push_back(place.substr(0, place.rfind('/')));
    return folders;
}

Error held(FoundBus const& bus) {
    std::string who;
    for (auto const& holder : bus.holders) who += (who.empty() ? "" : ", ") + holder.name + "[" + std::to_string(holder.pid) + "]";
    return Error(Errc::conflict, "bus '" + bus.bus + "' in " + bus.folder + " has no broker, but clients hold on to it: " + who,
                 "start a broker, which takes them over, or end them first");
}

// The files go last: while the registry is there, a cleaning that died can be done again.
void remove_files(sys::Directory const& folder, std::vector<std::string>& lines) {
    auto const note = [&](sys::Directory const& where, std::string const& name) {
        if (auto const gone = where.remove_child(name); gone && *gone) lines.push_back("file " + where.path_of(name));
    };
    if (auto const fifos = folder.open_child("fifo")) {
        if (auto const names = fifos->list())
            for (auto const& name : *names) note(*fifos, name);
        (void)folder.remove_child_directory("fifo");
    }
    for (auto const* name : {"knock", "ready", "registry"}) note(folder, name);
}

}  // namespace

Result<std::vector<FoundBus>> find_buses(ConnectionOptions const& options) {
    auto const resolved = client::resolve(options);
    if (!resolved) return resolved.error();
    std::vector<FoundBus> found;
    for (auto const& parent : parents(*resolved)) {
        auto const folder = sys::Directory::open(parent);
        if (!folder) continue;
        auto const names = folder->list();
        if (!names) continue;
        for (auto const& name : *names) {
            if (!check_bus_name(name)) continue;
            // A folder that is not to be trusted is none of ours to judge by.
            if (auto const bus = client::open_runtime_folder(folder->path_of(name))) found.push_back(look_at(name, *bus));
        }
    }
    return found;
}

Result<std::vector<std::string>> remove_left_overs(FoundBus const& bus) {
    auto const folder = client::open_runtime_folder(bus.folder);
    if (!folder) return folder.error();
    auto const lock = sys::RecordLock::try_lock(folder->path_of("lock"));
    if (!lock) return lock.error();
    // As it is now, not as it was when it was found.
    auto const now = look_at(bus.bus, *folder);
    if (!now.holders.empty()) return held(now);
    if (now.state == State::elsewhere)
        return Error(Errc::conflict, "bus '" + now.bus + "' in " + now.folder + " belongs to another boot or IPC namespace",
                     "remove the folder by hand");
    std::vector<std::string> lines;
    auto const registry = shm::read_registry(folder->path_of("registry"));
    if (registry) {
        for (auto const& object : client::existing(registry->alive(), now.uid)) {
            if (auto removed = client::remove(object); !removed) return removed.error();
            lines.push_back(object.line());
        }
    }
    remove_files(*folder, lines);
    return lines;
}

}  // namespace bus
