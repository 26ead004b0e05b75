// Looking at other sessions.
#include "client/peers.hpp"

#include "client/objects.hpp"

namespace bus::client {

Result<shm::Snapshot<shm::SessionEntry>> Peers::entry(SessionKey session) const {
    auto entry = bus_.directory().snapshot<shm::SessionEntry>(session.index);
    if (entry && (!entry->in_use() || (*entry)->session_id != session.id))
        return Error(Errc::not_found, "session " + std::to_string(session.id) + " has ended");
    return entry;
}

Result<SegmentPtr> Peers::cursors(SessionKey session) const {
    auto const found = entry(session);
    if (!found) return found.error();
    return segments_.read((*found)->cursors, shm::SegmentKind::cursors);
}

Result<Peers::Bells> Peers::bells(SessionKey session) const {
    auto const found = entry(session);
    if (!found) return found.error();
    auto const set = open_set((*found)->bells, bus_.broker_uid());
    if (!set) return set.error();
    return Bells{*set, (*found)->bell_base};
}

std::string Peers::fifo_path(std::uint64_t session_id) const { return bus_.path_of(fifo_name(session_id)); }

Result<SegmentPtr> Peers::attention(std::uint32_t user) const {
    auto const entry = bus_.directory().snapshot<shm::UserEntry>(user);
    if (!entry) return entry.error();
    if (!entry->in_use()) return Error(Errc::not_found, "no uid has entry " + std::to_string(user) + " of the directory");
    return segments_.read((*entry)->attention, shm::SegmentKind::attention);
}

bool Peers::lives(SessionKey session) const {
    auto const found = entry(session);
    if (!found) return found.error() != Errc::not_found;
    auto const state = static_cast<shm::SessionState>((*found)->head.state);
    if (state == shm::SessionState::reaping) return false;
    auto const user = bus_.directory().snapshot<shm::UserEntry>((*found)->user);
    if (!user) return true;
    auto const tokens = open_set((*user)->tokens, bus_.broker_uid());
    if (!tokens) return true;
    auto const token = tokens->value(session.index);
    // Taken: 0. Given back by the kernel, or by a client that left: 1.
    return !token || *token == 0;
}

}  // namespace bus::client
