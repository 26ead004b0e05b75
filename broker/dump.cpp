// The state in words.
#include "dump.hpp"

#include "log.hpp"

namespace bus::broker {
namespace {

char const* shown(shm::SessionState state) {
    switch (state) {
        case shm::SessionState::offered:
            return "offered";
        case shm::SessionState::live:
            return "live";
        case shm::SessionState::reaping:
            return "reaping";
        case shm::SessionState::free:
            break;
    }
    return "free";
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::uint64_t last_sequence(State& state, Ring const& ring) {
    auto* const arena = state.arenas.find(ring.segment);
    if (arena == nullptr) return 0;
    auto const view = shm::open_ring(arena->mapping.bytes(), ring.offset, ring.id);
    return view ? view->head->sequence.load(std::memory_order_relaxed) : 0;
}

}  // namespace

void dump_state(State& state, std::string const& bus) {
    auto const& c = state.counters;
    log::info("bus " + bus + ", generation " + number(state.objects.generation()) + ": " + number(state.objects.count()) +
              " kernel objects, " + number(state.users.all().size()) + " users, " + number(state.sessions.size()) + " sessions, " +
              number(state.topics.all().size()) + " topics, " + number(state.rings.all().size()) + " rings, " +
              number(state.subscriptions.all().size()) + " subscriptions, " + number(state.schemas.size()) + " schemas");
    log::info(number(c.hellos) + " hellos, " + number(c.turned_away) + " turned away, " + number(c.garbage) + " messages of garbage, " +
              number(c.requests) + " requests, " + number(c.repeated) + " repeated, " + number(c.reaped) + " sessions reaped");
    for (auto const& [index, user] : state.users.all()) {
        log::info("user " + number(user->uid) + ": lobby " + number(static_cast<std::uint64_t>(user->lobby.id)) + ", " +
                  number(user->sessions.size()) + " sessions" + (user->proven ? "" : ", never attached"));
    }
    for (auto const& [index, session] : state.sessions.all()) {
        log::info("session " + number(session->id) + " (" + session->name + "): uid " + number(session->user->uid) + ", " +
                  shown(session->state) + ", " + number(session->rings.size()) + " rings, " + number(session->subscriptions.size()) +
                  " subscriptions, last request " + number(session->last_request));
    }
    for (auto const& [index, topic] : state.topics.all()) {
        log::info("topic " + topic->name + " (" + (topic->type.name.empty() ? "bytes" : topic->type.name) +
                  "): " + number(topic->live_rings) + " publishers, " + number(topic->subscribers) + " subscribers, " +
                  number(topic->observers) + " observers");
        for (auto const ring : topic->rings) {
            auto const& r = state.rings.at(ring);
            log::info("  ring " + number(r.id) + " of session " + number(r.session_id) + (r.left ? ", left" : "") + ": " +
                      number(r.capacity) + " bytes, sequence " + number(last_sequence(state, r)) + ", " + number(r.members.size()) +
                      " members");
        }
    }
}

}  // namespace bus::broker
