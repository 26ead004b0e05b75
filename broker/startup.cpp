// Reading the registry, deciding whether to trust it, making what is missing.
//
// And if we die here? The new registry replaces the old one at once and names every object the old one named; the directory's generation
// is raised last. A next busd finds the same again, or more removed.
#include "startup.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "adoption.hpp"
#include "log.hpp"
#include "own_objects.hpp"
#include "replacement.hpp"
#include "shm/directory_format.hpp"
#include "shm/open_segment.hpp"
#include "shm/registry_reader.hpp"
#include "sys/message_queue.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

using shm::ObjectKind;
using shm::RegistryRecord;

// What the registry said, or why there is nothing to say.
struct Before {
    std::uint64_t generation = 0;
    std::vector<RegistryRecord> objects;
    std::string useless;  // why none of it can be used; empty: it can, or there is none
    bool any = false;
};

Before read_before(sys::Directory const& folder) {
    Before before;
    auto registry = shm::read_registry(folder.path_of(Registry::kFile));
    if (!registry) {
        if (registry.error() != Errc::not_found) before.useless = registry.error().what();
        before.any = registry.error() != Errc::not_found;
        return before;
    }
    before.any = true;
    before.generation = registry->head.generation;
    auto const boot = sys::boot_id();
    auto const ipc_namespace = sys::ipc_namespace();
    if (boot && shm::text_of(registry->head) != *boot) {
        before.useless = "it is of an earlier boot";
    } else if (ipc_namespace && registry->head.ipc_namespace != *ipc_namespace) {
        before.useless =
            "it is of IPC namespace " + std::to_string(registry->head.ipc_namespace) + ", we are in " + std::to_string(*ipc_namespace);
    } else {
        before.objects = registry->alive();
    }
    return before;
}

RegistryRecord const* find(std::vector<RegistryRecord> const& objects, ObjectKind kind) {
    for (auto const& record : objects) {
        if (record.object == kind && record.kind == shm::RegistryKind::made) return &record;
    }
    return nullptr;
}

shm::ObjectRef ref_of(RegistryRecord const& record) { return {record.id, record.key, record.cookie}; }

template <class Object>
Result<void> check_object(shm::ObjectRef const& ref, char const* what) {
    auto const stat = Object(ref.id).stat();
    if (!stat) return stat.error();
    if (stat->permissions.key != ref.key || stat->permissions.creator_uid != sys::effective_uid()) {
        return Error(Errc::not_found, std::string(what) + " " + std::to_string(ref.id) + " is another one by now");
    }
    return {};
}

struct Trusted {
    BusObjects bus;
    shm::DirectoryWriter directory;
};

// The directory and the two objects every client holds on to: all as the registry says, or nothing is adopted.
Result<Trusted> open_before(std::vector<RegistryRecord> const& objects, std::string const& bus) {
    auto const* const directory = find(objects, ObjectKind::directory);
    auto const* const rendezvous = find(objects, ObjectKind::rendezvous);
    auto const* const alive = find(objects, ObjectKind::alive);
    if (directory == nullptr || rendezvous == nullptr || alive == nullptr) return Error(Errc::not_found, "it names no whole bus");
    Trusted trusted;
    trusted.bus.directory = ref_of(*directory);
    trusted.bus.rendezvous = ref_of(*rendezvous);
    trusted.bus.alive = ref_of(*alive);
    if (auto checked = check_object<sys::Queue>(trusted.bus.rendezvous, "queue"); !checked) return checked.error();
    if (auto checked = check_object<sys::SemaphoreSet>(trusted.bus.alive, "set"); !checked) return checked.error();
    auto checked = shm::open_segment(trusted.bus.directory, shm::SegmentKind::directory, sys::effective_uid(), sys::Access::read_write,
                                     sys::steady_now());
    if (!checked) return checked.error();
    auto writer = shm::DirectoryWriter::open(checked->mapping.writable_bytes());
    if (!writer) return writer.error();
    if (shm::text(writer->head().bus_name) != bus) return Error(Errc::conflict, "its directory is that of another bus");
    trusted.bus.directory_mapping = std::move(checked->mapping);
    trusted.directory = *writer;
    return trusted;
}

// Somebody may have removed the lock of a busd that lives; it notices within a second, and ends. The kernel gives back what the dead hold
// of a set before it gives back their locks: who died is not taken for living.
Result<void> check_alone(Trusted& trusted, BusFolder const& folder) {
    auto const alive = sys::SemaphoreSet(trusted.bus.alive.id).value(0);
    auto const pid = static_cast<pid_t>(trusted.directory.head().broker_pid);
    if (!alive || *alive == 0 || pid <= 0 || pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH)) return {};
    return Error(Errc::conflict,
                 "bus " + folder.bus + " has a busd already: pid " + std::to_string(pid) + ", whose " + folder.folder.path_of("lock") +
                     " somebody removed",
                 "kill " + std::to_string(pid) + ", or try again: it makes the bus anew");
}

std::size_t remove_all(std::vector<RegistryRecord> const& objects) {
    std::size_t removed = 0;
    for (auto const& record : objects) {
        auto const gone = remove_registered(record, sys::effective_uid());
        if (!gone) log::warning(gone.error().what());
        if (gone && *gone) ++removed;
    }
    return removed;
}

Result<BusObjects> make_objects(ObjectStore& objects, Config const& config, std::string const& bus) {
    std::uint32_t const uid = sys::effective_uid();
    std::uint32_t const gid = sys::effective_gid();
    SegmentOrder const order{
        ObjectKind::directory,    shm::SegmentKind::directory, shm::directory_bytes(config.tables), {uid, gid, 0644}, 0,
        "directory of bus " + bus};
    auto directory = objects.create_segment(order, [&](std::span<std::byte> segment) -> Result<void> {
        auto& head = shm::format_directory(segment, config.tables);
        std::strncpy(head.bus_name, bus.c_str(), sizeof head.bus_name - 1);
        auto const rendezvous = objects.create_queue(ObjectKind::rendezvous, {uid, gid, 0622}, "rendezvous of bus " + bus);
        if (!rendezvous) return rendezvous.error();
        head.rendezvous = *rendezvous;
        std::array<sys::SemaphoreValue, 1> const dead{0};
        auto const alive = objects.create_set(ObjectKind::alive, dead, {uid, gid, 0644}, "busd of bus " + bus + " lives");
        if (!alive) {
            objects.remove(*rendezvous);
            return alive.error();
        }
        head.alive = *alive;
        auto const ipc_namespace = sys::ipc_namespace();
        head.ipc_namespace = ipc_namespace ? *ipc_namespace : 0;
        head.moved_to = {-1, 0, {}};
        return {};
    });
    if (!directory) return directory.error();
    auto const& head = *reinterpret_cast<shm::DirectoryHead const*>(directory->mapping.bytes().data());
    return BusObjects{directory->ref, head.rendezvous, head.alive, std::move(directory->mapping)};
}

// From here on clients see a living busd of this generation.
Result<void> take_over(State& state) {
    auto& head = state.directory.head();
    std::strncpy(head.broker_version, BUS_VERSION, sizeof head.broker_version - 1);
    head.broker_pid = ::getpid();
    head.broker_uid = sys::effective_uid();
    head.since_wall_ns = sys::wall_now().time_since_epoch().count();
    if (auto said = say_alive(state.bus.alive); !said) return said;
    head.generation.store(state.objects.generation(), std::memory_order_release);
    state.directory.raise_epoch();
    return {};
}

Result<Started> start_new(BusFolder& folder, Config config, std::uint64_t generation, std::string how) {
    auto registry = Registry::create(folder.folder, generation, {});
    if (!registry) return registry.error();
    ObjectStore objects(folder.folder, std::move(*registry), generation);
    auto poller = sys::Poller::create();
    if (!poller) return poller.error();
    auto bus = make_objects(objects, config, folder.bus);
    if (!bus) {
        for (auto const& record : objects.objects()) objects.remove(ref_of(record));
        clear_folder(folder);
        return bus.error();
    }
    auto directory = shm::DirectoryWriter::open(bus->directory_mapping.writable_bytes());
    if (!directory) return directory.error();
    auto state =
        std::make_unique<State>(folder.folder, std::move(config), std::move(objects), std::move(*bus), *directory, std::move(*poller));
    remove_unknown_fifos(*state, folder.fifos);
    if (auto taken = take_over(*state); !taken) return taken.error();
    return Started{std::move(state), std::move(how)};
}

}  // namespace

Result<Started> start_bus(BusFolder& folder, Config config, std::uint64_t last_generation) {
    auto const before = read_before(folder.folder);
    std::uint64_t const generation = std::max(before.generation, last_generation) + 1;
    if (!before.any) return start_new(folder, std::move(config), generation, "new bus");
    Error why;
    if (before.useless.empty()) {
        auto trusted = open_before(before.objects, folder.bus);
        if (trusted) {
            if (auto alone = check_alone(*trusted, folder); !alone) return alone.error();
            auto registry = Registry::create(folder.folder, generation, before.objects);
            if (!registry) return registry.error();
            ObjectStore objects(folder.folder, std::move(*registry), generation);
            for (auto const& record : before.objects) objects.adopt(record);
            auto poller = sys::Poller::create();
            if (!poller) return poller.error();
            auto state = std::make_unique<State>(folder.folder, std::move(config), std::move(objects), std::move(trusted->bus),
                                                 trusted->directory, std::move(*poller));
            auto how = adopt_everything(*state, folder.fifos);
            if (auto taken = take_over(*state); !taken) return taken.error();
            ring_everybody(*state);
            return Started{std::move(state), std::move(how)};
        }
        why = trusted.error();
    } else {
        why = Error(Errc::invalid, before.useless);
    }
    // Told once it is removed, by whomever: what is whole may have lost something that nobody can do without. The registry names it until
    // then, so if we die here the next one tells them.
    auto const removed = remove_all(before.objects);
    auto const* const directory = find(before.objects, ObjectKind::directory);
    if (directory != nullptr) tell_former_clients(*directory, folder);
    return start_new(folder, std::move(config), generation,
                     "new bus; replaced what an earlier busd left (" + std::to_string(removed) + " objects removed): " + why.what());
}

}  // namespace bus::broker
