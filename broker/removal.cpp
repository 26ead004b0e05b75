// Looking for what has gone.
#include "removal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "log.hpp"
#include "registry.hpp"
#include "sessions.hpp"

namespace bus::broker {
namespace {

using shm::ObjectKind;
using shm::RegistryRecord;

constexpr char const* kWho = "see who removes IPC objects (RemoveIPC= in logind.conf, ipcrm)";

constexpr char const* kLookAgain = ": its sessions look again instead; ";

bool of_bus(ObjectKind kind) { return kind == ObjectKind::directory || kind == ObjectKind::schemas; }

// These are made anew where their owners look after them.
bool is_exchanged(ObjectKind kind) {
    return kind == ObjectKind::rendezvous || kind == ObjectKind::alive || kind == ObjectKind::lobby || kind == ObjectKind::requests ||
           kind == ObjectKind::tokens;
}

std::string shown(RegistryRecord const& record) { return std::string(shm::text_of(record)) + " (id " + std::to_string(record.id) + ")"; }

// Only what the kernel says for sure: a look that fails for want of memory is no removal.
bool is_gone(std::string const& path, int fd) {
    struct stat named {
    }, open{};
    if (::lstat(path.c_str(), &named) != 0) return errno == ENOENT || errno == ENOTDIR;
    return ::fstat(fd, &open) == 0 && (named.st_dev != open.st_dev || named.st_ino != open.st_ino);
}

void end_sessions(State& state, std::string const& why, auto const& concerned) {
    for (auto const& [index, session] : state.sessions.all()) {
        if (concerned(*session)) fence_off(state, *session, v1::Event::was_fenced_off, why);
    }
}

void bear_loss(State& state, RegistryRecord const& record) {
    auto const why = "somebody removed " + shown(record);
    log::warning(why + ": its sessions end; " + kWho);
    auto const of_uid = [&](Session const& session) { return session.user->uid == record.uid; };
    switch (record.object) {
        case ObjectKind::cursors:
            return end_sessions(state, why, [&](Session const& session) { return session.cursors.key == record.key; });
        case ObjectKind::attention:
            end_sessions(state, why, of_uid);
            if (auto* const user = state.users.find(record.uid)) {
                if (auto made = state.users.replace_attention(*user); !made) log::warning(made.error().what());
            }
            return;
        case ObjectKind::arena: {
            auto const arena = state.arenas.all().find(record.id);
            if (arena == state.arenas.all().end()) return;
            auto const owner = arena->second->session_id;  // copied: ending the session may take the arena along
            if (owner == 0) return state.events.segment_removed(record.id);
            return end_sessions(state, why, [&](Session const& session) { return session.id == owner; });
        }
        default:
            return;
    }
}

}  // namespace

BusCheck check_bus(State const& state, BusFolder const& folder) {
    auto const lock = folder.folder.path_of("lock");
    auto const holder = sys::lock_holder(lock);
    if (holder && *holder && **holder != ::getpid()) return {Whole::taken, lock};
    if (holder && !*holder) return {Whole::no, lock};
    if (auto const path = folder.folder.path_of("knock"); is_gone(path, folder.knock.fd())) return {Whole::no, path};
    for (auto const* const name : {Registry::kFile, "ready", "fifo"}) {
        auto const path = folder.folder.path_of(name);
        if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {Whole::no, path};
    }
    for (auto const& record : state.objects.missing()) {
        if (of_bus(record.object)) return {Whole::no, shown(record)};
    }
    return {};
}

void mend_removed(State& state) {
    for (auto const& record : state.objects.missing()) {
        if (of_bus(record.object) || is_exchanged(record.object)) continue;
        if (record.object == ObjectKind::bells) {
            // Its record stays: a next busd would not adopt sessions whose bells nobody ever made.
            if (state.bells_gone.insert(record.key).second) log::warning("somebody removed " + shown(record) + kLookAgain + kWho);
            continue;
        }
        bear_loss(state, record);
        state.objects.lost(record);
    }
    end_sessions(state, "somebody removed its FIFO",
                 [&](Session const& session) { return session.fifo && is_gone(state.fifo_path(session.id), session.fifo->fd()); });
}

}  // namespace bus::broker
