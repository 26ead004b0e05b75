// RemoveTopic, EvictClient: what operators ask for.
#include <bus/name.hpp>
#include <set>

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

namespace {

constexpr std::size_t kMostNamed = 8;  // in one text

// The clients that keep a topic up: "pub (client 3), sub (client 4)".
std::string users_of(State& state, Topic const& topic) {
    std::set<std::uint64_t> sessions;
    for (auto const index : topic.rings)
        if (auto const& ring = state.rings.at(index); !ring.left) sessions.insert(ring.session_id);
    for (auto const& [index, subscription] : state.subscriptions.all())
        if (subscription->named && subscription->pattern == topic.name) sessions.insert(subscription->session_id);
    std::string text;
    std::size_t count = 0;
    if (sessions.erase(0) > 0) text = "busd";  // a topic of its own
    for (auto const id : sessions) {
        if (++count > kMostNamed) return text + " and " + std::to_string(sessions.size() - kMostNamed) + " more";
        auto const* const session = state.sessions.find(id);
        text += (text.empty() ? "" : ", ") + (session != nullptr ? session->name : "?") + " (client " + std::to_string(id) + ")";
    }
    return text;
}

}  // namespace

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
                         std::to_string(topic->named_subscribers) + " subscribers by name, of " + users_of(state, *topic),
                     "see what they do: bus topic info " + topic->name);
    }
    // Whoever was there, by a pattern, reads to the end; nobody who comes later gets anything of it.
    for (auto const index : std::vector(topic->rings)) {
        auto& ring = state.rings.at(index);
        ring.retain = false;
        state.arenas.retain_no_more(ring.segment, ring.offset);
        if (ring.members.empty()) free_ring(state, ring);
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
    state.events.evicted(*other, session);
    fence_off(state, *other, v1::Event::was_evicted, "evicted by " + session.name);
    return Made{};
}

}  // namespace bus::broker
