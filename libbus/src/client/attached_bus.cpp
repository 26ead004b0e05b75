// Finding a bus: which folder, whose registry, which directory segment, and whether a busd is there.
#include "client/attached_bus.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "client/objects.hpp"
#include "client/runtime_folder.hpp"
#include "shm/registry_reader.hpp"
#include "sys/process.hpp"
#include "sys/record_lock.hpp"

namespace bus::client {

namespace {

using namespace std::chrono_literals;

constexpr sys::Duration kShortestNap = 200us, kLongestNap = 20ms;

enum class State { missing, stopped, starting, dead, living };

struct Found {
    State state = State::missing;
    AttachedBusPtr bus = {};  // living; dead where its directory is still whole
    std::string why = {};     // for people: "no such folder"
};

Error other_namespace(std::string const& place, std::uint64_t theirs, std::uint64_t ours) {
    return Error(
        Errc::no_broker,
        "the broker in " + place + " serves another IPC namespace: " + std::to_string(theirs) + ", ours is " + std::to_string(ours),
        "share the namespace (docker run --ipc=container:NAME or --ipc=host), or connect the two with bus-bridge");
}

Found dead(std::string why, AttachedBusPtr bus = {}) { return {State::dead, std::move(bus), std::move(why)}; }

Result<Found> attach_directory(ConnectionOptions const& options, sys::Directory const& folder, shm::ObjectRef const& ref) {
    auto segment = shm::AttachedSegment::open(ref, shm::SegmentKind::directory, folder.owner_uid(), sys::Access::read_only);
    if (!segment) {
        // It goes away or is not whole yet while a busd ends or begins.
        if (segment.error() == Errc::not_found || segment.error() == Errc::timeout)
            return dead("its busd has died: " + segment.error().what());
        return segment.error();
    }
    auto view = shm::DirectoryView::open(segment->bytes());
    if (!view) return view.error();
    auto bus = std::make_shared<AttachedBus const>(options.bus, folder.path(), folder.owner_uid(), std::move(*segment), *view);
    if (shm::text(bus->head().bus_name) != options.bus)
        return Error(Errc::conflict, "the directory named in " + folder.path() + " is that of another bus", "bus doctor");
    if (bus->broker_alive()) return Found{State::living, std::move(bus), ""};
    auto const pid = std::to_string(bus->head().broker_pid);
    return dead("its busd, pid " + pid + ", has died", std::move(bus));
}

Result<Found> without_registry(sys::Directory const& folder) {
    auto const holder = sys::lock_holder(folder.path_of("lock"));
    if (holder && *holder) return Found{State::starting, {}, "its busd is starting"};
    return Found{State::stopped, {}, "no busd serves there"};
}

Result<Found> look_into(ConnectionOptions const& options, std::string const& place) {
    auto folder = open_runtime_folder(place);
    if (!folder) {
        if (folder.error() == Errc::not_found) return Found{State::missing, {}, "no such folder"};
        return folder.error();
    }
    auto registry = shm::read_registry(folder->path_of("registry"));
    if (!registry) {
        auto const& error = registry.error();
        // An empty one is being written.
        if (error == Errc::not_found || error == Errc::invalid) return without_registry(*folder);
        return error;
    }
    auto const boot = sys::boot_id();
    if (boot && *boot != shm::text_of(registry->head)) return Found{State::stopped, {}, "left over from before the last boot"};
    auto const ours = sys::ipc_namespace();
    if (ours && *ours != registry->head.ipc_namespace) return other_namespace(place, registry->head.ipc_namespace, *ours);
    auto const* const directory = registry->find(shm::ObjectKind::directory);
    if (directory == nullptr) return without_registry(*folder);
    return attach_directory(options, *folder, {directory->id, directory->key, directory->cookie});
}

std::string how_to_start(std::string const& bus, std::string const& runtime_dir) {
    return "start one: " + (runtime_dir.empty() ? std::string() : "BUS_RUNTIME_DIR=" + runtime_dir + " ") + "busd" +
           (bus == "default" ? std::string() : " --bus " + bus) + " --detach";
}

Error nobody_there(ConnectionOptions const& options, std::vector<std::string> const& places, std::vector<Found> const& found, bool waited) {
    std::string what = "no broker serves bus '" + options.bus + "': looked in ";
    for (std::size_t i = 0; i < places.size(); ++i) what += (i > 0 ? ", " : "") + places[i] + " (" + found[i].why + ")";
    if (waited)
        what += "; waited " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count()) +
                " ms for a new one";
    return Error(Errc::no_broker, what, how_to_start(options.bus, options.runtime_dir));
}

}  // namespace

Error no_living_broker(AttachedBus const& bus, std::string const& why) {
    return Error(Errc::no_broker, "no broker serves bus '" + bus.name() + "' in " + bus.folder() + ": " + why,
                 how_to_start(bus.name(), ""));
}

bool AttachedBus::broker_alive() const noexcept {
    auto const alive = open_set(head().alive, broker_uid_);
    if (!alive) return false;
    auto const value = alive->value(0);
    return value && *value > 0;
}

Result<void> AttachedBus::wait_for_death(sys::Deadline deadline) const {
    auto const alive = open_set(head().alive, broker_uid_);
    if (!alive) return {};
    auto const waited = alive->wait_zero_until(0, deadline);
    if (!waited && waited.error() == Errc::timeout) return waited;
    return {};
}

bool AttachedBus::removed() const noexcept {
    auto const stat = sys::Segment(directory_.id()).stat();
    return stat ? stat->marked : stat.error() == Errc::not_found;
}

Result<AttachedBusPtr> attach_bus(ConnectionOptions const& options, Wanted wanted, sys::Deadline deadline) {
    auto const places = runtime_places(options);
    for (auto const begun = sys::steady_now();;) {
        std::vector<Found> found;
        std::optional<Error>
            not_trusted;  // somebody else's folder, where ours might be: nobody shuts us out of the host's bus by making it
        for (auto const& place : places) {
            auto one = look_into(options, place);
            if (!one && one.error() == Errc::not_permitted) {
                if (!not_trusted) not_trusted = one.error();
                one = Found{State::missing, {}, "not to be trusted"};
            }
            if (!one) return one.error();
            if (one->state == State::living) return one->bus;
            found.push_back(std::move(*one));
        }
        if (not_trusted) return *not_trusted;
        auto const whole = std::ranges::find_if(found, [](Found const& one) { return one.bus != nullptr; });
        if (wanted == Wanted::any && whole != found.end()) return whole->bus;
        bool const worth_waiting = wanted == Wanted::living && std::ranges::any_of(found, [](Found const& one) {
                                       return one.state == State::dead || one.state == State::starting;
                                   });
        if (!worth_waiting || sys::has_passed(deadline)) return nobody_there(options, places, found, worth_waiting);
        // An eighth of what was waited already: nobody waits much longer than he must, and who waits for long looks seldom.
        auto const nap = std::clamp<sys::Duration>((sys::steady_now() - begun) / 8, kShortestNap, kLongestNap);
        std::this_thread::sleep_for(std::min(nap, sys::remaining(deadline)));
    }
}

}  // namespace bus::client
