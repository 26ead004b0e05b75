// Looking after sessions.
#include "reaper.hpp"

#include <vector>

#include "bells.hpp"
#include "log.hpp"
#include "removal.hpp"
#include "sessions.hpp"
#include "tokens.hpp"

namespace bus::broker {
namespace {

std::string shown(Session const& session) { return "session " + std::to_string(session.id) + " (" + session.name + ")"; }

void reap(State& state, Session& session, char const* why) {
    log::info(shown(session) + " died: " + why);
    ++state.counters.reaped;
    end_session(state, session, v1::Event::died);
}

void look_at(State& state, Session& session) {
    bool const offered = session.state == shm::SessionState::offered;
    if (offered && !session.token_lost && !sys::has_passed(session.offered_until)) return;  // who lost his can't be taken any more
    switch (look_at_token(session)) {
        case Life::dead:
            if (session.state == shm::SessionState::live) return reap(state, session, "its token came back");
            return end_session(state, session, v1::Event::died);
        case Life::unknown:
            if (offered || session.fifo_broken || session.state == shm::SessionState::reaping) {
                return reap(state, session, "its token set and its reader have gone");
            }
            return;
        case Life::alive:
            if (!session.fifo_broken && session.state != shm::SessionState::reaping) return;
            if (take_token_of_gone(state, session))
                return reap(state, session, "its process has gone, and had taken the token without undo");
            return fence_off(state, session, v1::Event::was_fenced_off, "nobody reads its FIFO any more");
    }
}

}  // namespace

// The death of sessions whose tokens have gone is told by the FIFO alone.
void replace_missing(State& state, User& user) {
    // A newcomer would be told of a segment that is not there.
    if (user.complete() && !is_there(shm::ObjectKind::attention, user.attention)) mend_removed(state);
    auto const before = user.tokens.id;
    auto const replaced = state.users.replace_missing(user);
    if (!replaced) return log::warning("uid " + std::to_string(user.uid) + ": " + replaced.error().what());
    if (!*replaced) return;
    log::warning("somebody removed queues or tokens of uid " + std::to_string(user.uid) + ": made anew");
    for (auto const index : user.sessions) {
        auto* const session = state.sessions.at(index);
        if (user.tokens.id != before) session->token_lost = true;
        ring_all(*session);
    }
}

void nobody_reads_fifo(State& state, Session& session) {
    if (session.fifo) (void)state.poller.remove(session.fifo->fd());
    session.fifo_broken = true;
    look_at(state, session);
}

void look_after_sessions(State& state) {
    for (auto const& [index, user] : state.users.all()) replace_missing(state, *user);
    mend_removed(state);
    std::vector<std::uint32_t> indices;
    for (auto const& [index, session] : state.sessions.all()) indices.push_back(index);
    for (auto const index : indices) {
        if (auto* const session = state.sessions.at(index)) look_at(state, *session);
    }
}

}  // namespace bus::broker
