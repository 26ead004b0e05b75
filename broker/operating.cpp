// RemoveTopic, EvictClient: what operators ask for.
#include <bus/name.hpp>

#include "links.hpp"
#include "requests.hpp"
#include "sessions.hpp"

namespace bus::broker {

Error not_permitted(State& state, Session const& session, Verb verb, std::string_view name) {
    return {Errc::not_permitted,
            "uid " + std::to_string(session.user->uid) + " may not " + std::string(to_string(verb)) + " " + std::string(name),
            state.rules.admits_others()
                ? "ask who runs the bus for an [[allow]] in its busd.toml"
                : "only uid " + std::to_string(state.rules.own_uid()) + " may use this bus: its busd has no [[allow]]"};
}

Result<Made> remove_topic(State& state, Session& session, v1::RemoveTopic const& request) {
    if (auto checked = check_name(request.topic(), Reserved::allow); !checked) return checked.error();
    if (!state.rules.allows(session.user->subject, Verb::operate, request.topic())) {
        return not_permitted(state, session, Verb::operate, request.topic());
    }
    auto* const topic = state.topics.find(request.topic());
    if (topic == nullptr) return Error(Errc::not_found, "there is no topic " + request.topic(), "bus topic ls");
    if (topic->live_rings > 0 || topic->named_subscribers > 0) {
        return Error(Errc::conflict,
                     "topic " + topic->name + " is in use: " + std::to_string(topic->live_rings) + " publishers, " +
                         std::to_string(topic->named_subscribers) + " subscribers by name",
                     "bus topic info " + topic->name + " names them");
    }
    for (auto const index : std::vector(topic->rings)) {
        auto& ring = state.rings.at(index);
        ring.retain = false;
        for (auto const member : std::vector(ring.members)) {
            disconnect(state, ring, state.subscriptions.at(state.members.at(member).subscription), 0);
        }
        if (state.rings.all().contains(index)) free_ring(state, state.rings.at(index));
    }
    return Made{};
}

Result<Made> evict_client(State& state, Session& session, v1::EvictClient const& request) {
    auto* const other = state.sessions.find(request.session_id());
    if (other == nullptr) return Error(Errc::not_found, "there is no session " + std::to_string(request.session_id()), "bus client ls");
    bool const own = other->user == session.user;
    if (!own && !state.rules.allows_some(session.user->subject, Verb::operate)) {
        return not_permitted(state, session, Verb::operate, "the client " + other->name);
    }
    if (other == &session) return Error(Errc::invalid, "a client can't evict itself", "close its connection");
    fence_off(state, *other, "evicted by " + session.name);
    return Made{};
}

}  // namespace bus::broker
