// Sessions: made, attached, ended.
#include "sessions.hpp"

#include <sys/stat.h>

#include <array>
#include <cstring>

#include "bells.hpp"
#include "links.hpp"
#include "log.hpp"
#include "rendezvous.hpp"
#include "sys/ipc_key.hpp"
#include "sys/process.hpp"
#include "tokens.hpp"

namespace bus::broker {
namespace {

Result<void> make_fifo(State& state, Session& session) {
    auto const path = state.fifo_path(session.id);
    auto const uid = session.user->uid;
    bool const ours = uid == state.rules.own_uid();
    // Others ring it too, if there may be others.
    if (auto made = sys::create_fifo(path, ours && !state.rules.admits_others() ? 0600 : 0602); !made) return made;
    if (ours) return {};
    auto granted = sys::grant(path, uid, sys::FifoRights::read_write);
    if (!granted) (void)sys::remove_file(path);
    return granted;
}

Result<void> make_cursors(State& state, Session& session) {
    auto const cursors = state.config.limits.cursors;
    SegmentOrder const order{shm::ObjectKind::cursors,
                             shm::SegmentKind::cursors,
                             shm::cursor_segment_bytes(cursors),
                             {session.user->uid, sys::effective_gid(), 0644},
                             session.id,
                             "cursors of " + session.name};
    auto made = state.objects.create_segment(order, [&](std::span<std::byte> segment) -> Result<void> {
        shm::format_cursors(segment, cursors);
        return {};
    });
    if (!made) return made.error();
    session.cursors = made->ref;
    session.cursors_mapping = std::move(made->mapping);
    session.cursor_places = CursorPlaces(cursors);
    auto view = shm::CursorsView::open(session.cursors_mapping.bytes());
    if (!view) return view.error();
    session.cursors_view = *view;
    return {};
}

void remove_objects(State& state, Session& session) {
    if (session.fifo) (void)state.poller.remove(session.fifo->fd());
    session.fifo.reset();
    (void)sys::remove_file(state.fifo_path(session.id));
    session.cursors_mapping = {};
    state.objects.remove(session.cursors);
    session.cursors = {-1, 0, {}};
}

void write_offer(State& state, Session const& session) {
    state.directory.change<shm::SessionEntry>(session.index, [&](shm::SessionEntry& entry) {
        entry.session_id = session.id;
        entry.cookie = session.cookie;
        entry.user = session.user->index;
        entry.uid = session.user->uid;
        entry.gid = static_cast<std::uint32_t>(-1);
        entry.pid = 0;
        entry.pid_start = 0;
        entry.since_wall_ns = sys::wall_now().time_since_epoch().count();
        entry.cursors = session.cursors;
        entry.bells = session.bells.set;
        entry.bell_base = session.bells.base;
        entry.subscriptions = 0;
        entry.last_request = 0;
        entry.last_status = 0;
        entry.last_index = 0;
        entry.end = shm::SessionEnd::none;
        entry.token_lost = 0;
        std::memset(entry.name, 0, sizeof entry.name);
        std::memcpy(entry.name, session.name.data(), std::min(session.name.size(), sizeof entry.name - 1));
        entry.head.state = static_cast<std::uint32_t>(shm::SessionState::offered);
    });
}

void write_reaping(State& state, Session& session, shm::SessionEnd end) {
    session.state = shm::SessionState::reaping;
    state.directory.change<shm::SessionEntry>(session.index, [&](shm::SessionEntry& entry) {
        entry.end = end;
        entry.head.state = static_cast<std::uint32_t>(shm::SessionState::reaping);
    });
    state.directory.raise_epoch();
}

void give_back(State& state, Session& session) {
    for (auto const index : std::vector(session.subscriptions.begin(), session.subscriptions.end())) {
        end_subscription(state, state.subscriptions.at(index));
    }
    for (auto const index : std::vector(session.rings.begin(), session.rings.end())) retire(state, state.rings.at(index));
    state.arenas.session_ended(session.id);
    remove_objects(state, session);
    session.outbox.clear();
    session.parts.clear();
    // Answers nobody will read any more would fill the lobby of those who live.
    std::array<std::byte, wire::kMaxFrameBytes> ignored;
    while (session.user->lobby_queue().try_receive(wire::answer_type(session.index), ignored)) continue;
}

// Dead here: objects that no entry names are removed at adoption, and so is the FIFO.
Result<std::unique_ptr<Session>> make_session(State& state, User& user, std::uint32_t slot, std::string const& name) {
    auto const cookie = sys::random_cookie();
    if (!cookie) return cookie.error();
    auto session = std::make_unique<Session>();
    session->index = slot;
    session->id = state.ids.next();
    session->user = &user;
    session->name = name.empty() ? "?" : name.substr(0, shm::kClientNameBytes - 1);
    session->cookie = shm::cookie_of(*cookie);
    auto const bells = state.users.bells(user, slot);
    if (!bells) return bells.error();
    session->bells = *bells;
    auto made = make_cursors(state, *session);
    if (made) made = make_fifo(state, *session);
    if (made) return session;
    remove_objects(state, *session);
    return made.error();
}

// The group the kernel shows for the process; nobody attests it, it is for people.
std::uint32_t group_of(pid_t pid, std::uint32_t uid) {
    struct stat info {};
    if (pid <= 0 || ::stat(("/proc/" + std::to_string(pid)).c_str(), &info) != 0 || info.st_uid != uid)
        return static_cast<std::uint32_t>(-1);
    return info.st_gid;
}

}  // namespace

Result<Session*> offer_session(State& state, User& user, std::string const& name, std::uint64_t nonce) {
    if (auto complete = state.users.complete(user); !complete) return complete.error();
    auto const slot = take_free_slot(state, user);
    if (!slot) return slot.error();
    auto made = make_session(state, user, *slot, name);
    if (!made) {
        (void)give_token_back(user, *slot);
        return made.error();
    }
    auto session = std::move(*made);
    session->nonce = nonce;
    session->offered_until = sys::deadline_after(kOfferLasts);
    write_offer(state, *session);
    state.directory.raise_epoch();
    // Dead here: the kernel gives the token back, and adoption withdraws the offer.
    if (auto given = give_token_back(user, *slot); !given) {
        state.directory.free<shm::SessionEntry>(*slot);
        state.directory.raise_epoch();
        remove_objects(state, *session);
        return given.error();
    }
    return &state.sessions.add(std::move(session));
}

Result<void> watch_fifo(State& state, Session& session) {
    auto fifo = sys::FifoWriter::open(state.fifo_path(session.id));
    if (!fifo) return fifo.error();
    if (auto added = state.poller.add(fifo->fd(), 0, kFirstSessionTag + session.index); !added) return added;
    session.fifo = std::move(*fifo);
    return {};
}

Result<Made> attach_session(State& state, Session& session) {
    if (session.live()) return Made{};
    if (session.token_lost) return Error(Errc::closed, "the token set of session " + std::to_string(session.id) + " was removed", "");
    auto const tokens = session.user->token_set();
    auto const token = tokens.value(session.index);
    if (!token) return token.error();
    if (*token != 0) {
        return Error(Errc::conflict, "session " + std::to_string(session.id) + ": its token was not taken before it attached");
    }
    if (auto watched = watch_fifo(state, session); !watched) return watched.error();
    auto const taker = tokens.last_pid(session.index);
    auto const pid = taker ? *taker : 0;
    auto const process = sys::process_id(pid);
    session.user->proven = true;
    note_offer_taken(*session.user, session.nonce);
    session.nonce = 0;
    session.state = shm::SessionState::live;
    state.directory.change<shm::SessionEntry>(session.index, [&](shm::SessionEntry& entry) {
        entry.pid = pid;
        entry.pid_start = process ? process->start_ticks : 0;
        entry.gid = group_of(pid, session.user->uid);
        entry.head.state = static_cast<std::uint32_t>(shm::SessionState::live);
    });
    state.directory.raise_epoch();
    return Made{session.index, session.id};
}

void end_session(State& state, Session& session, Events::How how) {
    if (session.token_lost) take_token_of_lost(session);
    if (session.state != shm::SessionState::reaping) {
        state.events.client_left(session, how);
        write_reaping(state, session, shm::SessionEnd::fenced_off);
        give_back(state, session);
    }
    auto const slot = session.index;
    auto& user = *session.user;
    bool const token_ours = session.token_ours;
    state.directory.free<shm::SessionEntry>(slot);
    state.directory.raise_epoch();
    state.sessions.remove(session);
    // Dead before this: the kernel gives it back.
    if (token_ours) (void)give_token_back(user, slot);
}

void fence_off(State& state, Session& session, Events::How how, std::string const& why) {
    if (session.state == shm::SessionState::reaping) return;
    state.events.client_left(session, how, why);
    log::info("session " + std::to_string(session.id) + " (" + session.name + ") fenced off: " + why);
    write_reaping(state, session, how == v1::Event::was_evicted ? shm::SessionEnd::evicted : shm::SessionEnd::fenced_off);
    ring_all(session);
    give_back(state, session);
}

}  // namespace bus::broker
