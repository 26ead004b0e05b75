// Clients: the list of them, and one in detail.
#include <algorithm>

#include "client/look.hpp"

namespace bus::client {

ClientInfo Look::client_info(Picture const& picture, Place<shm::SessionEntry> const& session) const {
    ClientInfo client{.id = session->session_id, .identity = identity(*session.entry)};
    client.alive = peers_.lives({session.index, session->session_id});
    client.since = SentTime(Duration(session->since_wall_ns));
    client.subscribers = static_cast<std::uint64_t>(
        std::ranges::count_if(picture.subscriptions, [&](auto const& one) { return one->session_id == client.id; }));
    for (auto const& ring_entry : picture.rings)
        if (ring_entry->session_id == client.id && ring_entry->head.state == static_cast<std::uint32_t>(shm::RingState::live))
            ++client.publishers;
    for (auto const& member : picture.members)
        if (member->session_id == client.id) client.lost += reader(*member.entry).lost;
    return client;
}

std::vector<ClientInfo> Look::clients() const {
    Picture const picture(bus_.directory());
    std::vector<ClientInfo> clients;
    for (auto const& session : picture.sessions)
        if (session->head.state != static_cast<std::uint32_t>(shm::SessionState::offered)) clients.push_back(client_info(picture, session));
    std::ranges::sort(clients, {}, &ClientInfo::id);
    return clients;
}

Result<ClientDetail> Look::client(std::uint64_t id) const {
    Picture const picture(bus_.directory());
    auto const session = std::ranges::find_if(picture.sessions, [&](auto const& one) {
        return one->session_id == id && one->head.state != static_cast<std::uint32_t>(shm::SessionState::offered);
    });
    if (session == picture.sessions.end())
        return Error(Errc::not_found, "bus '" + bus_.name() + "' has no client " + std::to_string(id), "see who is there: bus client ls");
    ClientDetail detail{.client = client_info(picture, *session)};
    for (auto const& ring_entry : picture.rings)
        if (ring_entry->session_id == id) detail.publishers.push_back(publisher(picture, *ring_entry.entry));
    for (auto const& subscription : picture.subscriptions)
        if (subscription->session_id == id) detail.subscribers.push_back(subscriber(picture, subscription, std::nullopt));
    return detail;
}

}  // namespace bus::client
