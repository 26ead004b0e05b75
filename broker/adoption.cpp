// Adoption: users and sessions, the dead, the left-overs.
#include "adoption.hpp"

#include <set>
#include <vector>

#include "adoption_scan.hpp"
#include "bells.hpp"
#include "links.hpp"
#include "log.hpp"
#include "rendezvous.hpp"
#include "sessions.hpp"
#include "shm/open_segment.hpp"
#include "sys/process.hpp"
#include "tokens.hpp"

namespace bus::broker {
namespace {

bool adopt_user(State& state, std::uint32_t index, shm::UserEntry const& entry) {
    auto const ours = [&](shm::ObjectRef const& ref) { return state.objects.knows(ref, entry.uid); };
    if (!ours(entry.lobby) || state.users.find(entry.uid) != nullptr) return false;
    bool const complete = entry.requests.id >= 0;
    if (complete && !(ours(entry.requests) && ours(entry.tokens) && ours(entry.attention))) return false;
    state.users.adopt(index, entry);
    return true;
}

bool adopt_session(State& state, std::uint32_t index, shm::SessionEntry const& entry) {
    if (!state.users.all().contains(entry.user)) return false;
    auto& user = state.users.at(entry.user);
    if (user.uid != entry.uid || entry.session_id == 0 || state.sessions.find(entry.session_id) != nullptr) return false;
    auto const to = static_cast<shm::SessionState>(entry.head.state);
    auto session = std::make_unique<Session>();
    session->index = index;
    session->id = entry.session_id;
    session->user = &user;
    session->state = to;
    session->name = shm::text(entry.name);
    session->offered_until = sys::deadline_after(kOfferLasts);
    session->cookie = entry.cookie;
    session->bells = {entry.bells, entry.bell_base};
    session->token_lost = entry.token_lost != 0;
    session->last_request = entry.last_request;
    session->last_answer.set_number(entry.last_request);
    session->last_answer.set_index(entry.last_index);
    if (entry.last_status != 0) {
        wire::to_failure(Error(static_cast<Errc>(entry.last_status),
                               "request " + std::to_string(entry.last_request) + " was refused by a busd that has died since", "ask again"),
                         *session->last_answer.mutable_failure());
    }
    if (to != shm::SessionState::reaping) {
        auto checked =
            shm::open_segment(entry.cursors, shm::SegmentKind::cursors, sys::effective_uid(), sys::Access::read_only, sys::steady_now());
        if (!checked || checked->head().object != entry.session_id || !state.objects.knows(entry.bells)) return false;
        auto view = shm::CursorsView::open(checked->mapping.bytes());
        if (!view) return false;
        session->cursors = entry.cursors;
        session->cursors_mapping = std::move(checked->mapping);
        session->cursors_view = *view;
        session->cursor_places = CursorPlaces(view->cursor_count());
        user.bells[index / kSessionsPerBellSet] = entry.bells;
    }
    auto& added = state.sessions.add(std::move(session));
    if (added.live()) {
        user.proven = true;
        if (auto watched = watch_fifo(state, added); !watched) added.fifo_broken = true;
    }
    return true;
}

// A token set that somebody removed takes its tokens along: nobody is dead because of that.
void mark_lost_tokens(State& state, Replaced& replaced_all) {
    for (auto const& [index, user] : state.users.all()) {
        auto const before = user->tokens.id;
        auto const replaced = state.users.replace_missing(*user);
        if (!replaced) log::warning("uid " + std::to_string(user->uid) + ": " + replaced.error().what());
        if (replaced && *replaced) ++replaced_all.users;
        if (user->tokens.id == before) continue;
        for (auto const slot : user->sessions) state.sessions.at(slot)->token_lost = true;
    }
}

std::size_t reap_dead(State& state) {
    std::vector<Session*> all;
    for (auto const& [index, session] : state.sessions.all()) all.push_back(session.get());
    std::size_t reaped = 0;
    for (auto* const session : all) {
        auto const life = look_at_token(*session);
        bool const offered = session->state == shm::SessionState::offered;
        bool const unheard = session->fifo_broken || session->state == shm::SessionState::reaping;
        bool const gone = life == Life::alive && unheard && take_token_of_gone(state, *session);
        if (life == Life::dead || gone || (life == Life::unknown && (unheard || offered))) {
            end_session(state, *session, v1::Event::died);
            ++reaped;
        } else if (session->fifo_broken) {
            fence_off(state, *session, v1::Event::was_fenced_off, "nobody reads its FIFO any more");
        }
    }
    return reaped;
}

std::size_t remove_unneeded_objects(State& state) {
    std::set<key_t> needed{state.bus.directory.key, state.bus.rendezvous.key, state.bus.alive.key};
    for (auto const& [index, user] : state.users.all()) {
        for (auto const& ref : {user->lobby, user->requests, user->tokens, user->attention}) needed.insert(ref.key);
        for (auto const& [block, ref] : user->bells) needed.insert(ref.key);
    }
    for (auto const& [index, session] : state.sessions.all()) needed.insert(session->cursors.key);
    for (auto const& [id, arena] : state.arenas.all()) needed.insert(arena->ref.key);
    for (auto const key : state.schemas.segment_keys()) needed.insert(key);
    std::size_t removed = 0;
    for (auto const& record : state.objects.objects()) {
        if (needed.contains(record.key)) continue;
        state.objects.remove({record.id, record.key, record.cookie});
        ++removed;
    }
    return removed;
}

}  // namespace

std::string Replaced::text() const {
    std::string said;
    auto const add = [&](char const* of, std::size_t count, char const* what) {
        if (count == 0) return;
        said += (said.empty() ? "" : ", ") + std::string(of) + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
    };
    add("queues or tokens of ", users, "uid");
    add("", sessions, "session");
    add("", rings, "ring");
    return said.empty() ? "nothing" : said;
}

void adopt_users_and_sessions(State& state, Replaced& replaced) {
    scan<shm::UserEntry>(state, [&](std::uint32_t index, shm::UserEntry const& entry) { return adopt_user(state, index, entry); });
    scan<shm::SessionEntry>(state, [&](std::uint32_t index, shm::SessionEntry const& entry) {
        bool const adopted = adopt_session(state, index, entry);
        // An offer, or what was being given back, is nobody's yet, or no more.
        if (!adopted && entry.head.state == static_cast<std::uint32_t>(shm::SessionState::live)) ++replaced.sessions;
        return adopted;
    });
}

std::string adopt_everything(State& state, sys::Directory const& fifos) {
    Replaced replaced;
    adopt_users_and_sessions(state, replaced);
    mark_lost_tokens(state, replaced);
    adopt_topics_and_readers(state, replaced);
    state.events.took_over();
    auto const sessions = state.sessions.size();
    auto const reaped = reap_dead(state);
    take_back_all(state);
    state.arenas.remove_unused();
    state.schemas.remove_unused();
    auto const removed = remove_unneeded_objects(state);
    remove_unknown_fifos(state, fifos);
    state.counters.reaped += reaped;
    return "adopted " + std::to_string(sessions - reaped) + " sessions, " + std::to_string(state.topics.all().size()) + " topics, " +
           std::to_string(state.rings.all().size()) + " rings, " + std::to_string(state.subscriptions.all().size()) +
           " subscriptions; reaped " + std::to_string(reaped) + " dead sessions; removed " + std::to_string(removed) +
           " objects nobody needs; replaced " + replaced.text();
}

void ring_everybody(State& state) {
    for (auto const& [index, session] : state.sessions.all()) ring_all(*session);
}

void remove_unknown_fifos(State& state, sys::Directory const& fifos) {
    auto const names = fifos.list();
    if (!names) return;
    std::set<std::string> known;
    for (auto const& [index, session] : state.sessions.all()) known.insert(fifo_name(session->id));
    for (auto const& name : *names) {
        if (!known.contains(name)) (void)fifos.remove_child(name);
    }
}

}  // namespace bus::broker
