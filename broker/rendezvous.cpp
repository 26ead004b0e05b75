// From Hello to Offer.
#include "rendezvous.hpp"

#include <algorithm>
#include <array>

#include "log.hpp"
#include "reaper.hpp"
#include "sessions.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

// What may lie unread in a lobby because strangers said hello in its owner's name; who comes by his own queue has as much again.
constexpr std::size_t kUnread = 32;

constexpr std::size_t kPosted = 1024;  // and so much we keep in mind

// Who has read his offer, or why he is refused, and dies then does not attach: the kernel knows how much still lies there.
bool has_room(User const& user, bool proven) {
    auto const most = proven ? 2 * kUnread : kUnread;
    if (user.posted.size() < most) return true;
    if (user.posted.size() >= kPosted) return false;
    auto const lobby = user.lobby_queue().stat();
    return lobby && lobby->messages + user.outbox.size() < most;
}

void send_offer(User& user, v1::Offer const& offer, std::uint64_t nonce) {
    auto mail = wire::mail_of(offer, nonce);
    if (!mail) return;
    user.outbox.push_back(std::move(*mail));
    user.posted.push_back({nonce, sys::deadline_after(kOfferLasts)});
}

// A refusal may tell much; a lobby has room for little.
void refuse(User& user, std::uint64_t nonce, Error const& why) {
    v1::Offer offer;
    wire::to_failure(why, *offer.mutable_failure());
    send_offer(user, offer, nonce);
}

void offer(User& user, Session const& session, std::uint64_t nonce) {
    v1::Offer offer;
    offer.set_session(session.index);
    offer.set_session_id(session.id);
    offer.set_cookie_0(session.cookie[0]);
    offer.set_cookie_1(session.cookie[1]);
    send_offer(user, offer, nonce);
}

Session* offered_to(State& state, User const& user, std::uint64_t nonce) {
    for (auto const index : user.sessions) {
        auto* const session = state.sessions.at(index);
        if (session->state == shm::SessionState::offered && session->nonce == nonce) return session;
    }
    return nullptr;
}

std::size_t untaken(State& state, User const& user) {
    return static_cast<std::size_t>(std::ranges::count_if(
        user.sessions, [&](std::uint32_t index) { return state.sessions.at(index)->state == shm::SessionState::offered; }));
}

// The lobby of that uid, made for a stranger only while there are few of them. Null: turned away.
User* lobby_for(State& state, std::uint32_t uid) {
    if (auto* const known = state.users.find(uid)) return known;
    if (uid == sys::overflow_uid() || uid == static_cast<std::uint32_t>(-1) ||
        state.users.unproven() >= state.config.limits.unproven_users) {
        ++state.counters.turned_away;
        return nullptr;
    }
    auto const made = state.users.create(uid);
    if (made) return *made;
    ++state.counters.turned_away;
    log::warning("no lobby for uid " + std::to_string(uid) + ": " + made.error().what());
    return nullptr;
}

Result<void> admit(State& state, User const& user, v1::Hello const& hello, bool proven) {
    auto const& limits = state.config.limits;
    if (hello.version() != wire::kProtocolVersion) {
        return Error(Errc::conflict,
                     "this busd speaks version " + std::to_string(wire::kProtocolVersion) + " of the control protocol, the client speaks " +
                         std::to_string(hello.version()),
                     "run programs and busd of one release");
    }
    if (!state.rules.admits(user.subject)) {
        return Error(Errc::not_permitted, "uid " + std::to_string(user.uid) + " may not use bus " + state.directory.head().bus_name,
                     state.rules.admits_others() ? "ask who runs it for an [[allow]] in its busd.toml"
                                                 : "its busd has no [[allow]]: only uid " + std::to_string(state.rules.own_uid()) + " may");
    }
    if (user.sessions.size() >= limits.sessions_per_user) {
        return Error(Errc::limit,
                     "uid " + std::to_string(user.uid) + " has " + std::to_string(user.sessions.size()) + " sessions of at most " +
                         std::to_string(limits.sessions_per_user),
                     "raise [limits] sessions_per_user in busd.toml");
    }
    if (!proven && untaken(state, user) >= limits.offers_per_user) {
        return Error(Errc::limit,
                     "uid " + std::to_string(user.uid) + " has " + std::to_string(limits.offers_per_user) + " offers that nobody took",
                     "try again in some seconds, or by the request queue of the uid");
    }
    return {};
}

}  // namespace

void say_hello(State& state, v1::Hello const& hello, std::optional<std::uint32_t> proven_uid) {
    ++state.counters.hellos;
    if (proven_uid && *proven_uid != hello.uid()) {
        ++state.counters.garbage;
        return;
    }
    auto* const user = lobby_for(state, hello.uid());
    if (user == nullptr) return;
    replace_missing(state, *user);
    if (!has_room(*user, proven_uid.has_value())) {
        ++state.counters.turned_away;  // the client says hello again
        return;
    }
    auto const nonce = hello.nonce() & wire::kNonceMask;
    if (auto const* const session = offered_to(state, *user, nonce)) return offer(*user, *session, nonce);
    if (auto admitted = admit(state, *user, hello, proven_uid.has_value()); !admitted) return refuse(*user, nonce, admitted.error());
    auto session = offer_session(state, *user, hello.name(), nonce);
    if (session.error() == Errc::not_found) {  // removed since we looked
        replace_missing(state, *user);
        session = offer_session(state, *user, hello.name(), nonce);
    }
    if (!session) return refuse(*user, nonce, session.error());
    offer(*user, **session, nonce);
}

// There is room for another one in the lobby. But where he had said hello twice, since we were slow, he was offered the same twice, and one
// of the two still lies there, or is to go there: that one is taken out in its time.
void note_offer_taken(User& user, std::uint64_t nonce) {
    auto const read = std::ranges::find(user.posted, nonce, &User::Posted::nonce);
    if (read != user.posted.end()) user.posted.erase(read);
}

void take_back_unread(State& state) {
    std::array<std::byte, wire::kMaxFrameBytes> ignored;
    for (auto& [index, user] : state.users.all()) {
        while (!user->posted.empty() && sys::has_passed(user->posted.front().until)) {
            auto const type = wire::offer_type(user->posted.front().nonce);
            (void)user->lobby_queue().try_receive(type, ignored);
            std::erase_if(user->outbox, [&](auto const& mail) { return mail.type() == type && !mail.begun(); });
            user->posted.pop_front();
        }
    }
}

void take_back_all(State& state) {
    std::array<std::byte, wire::kMaxFrameBytes> ignored;
    for (auto& [index, user] : state.users.all()) {
        auto const lobby = user->lobby_queue();
        auto const before = lobby.stat();
        // As many as there are: somebody may go on writing into his own lobby.
        for (auto left = before ? before->messages : 0; left > 0 && lobby.try_receive(wire::kAnyOffer, ignored); --left) {
        }
    }
}

bool send_offers(State& state) {
    bool waiting = false;
    for (auto& [index, user] : state.users.all()) {
        while (!user->outbox.empty()) {
            auto const sent = user->outbox.front().try_send(user->lobby_queue());
            if (!sent && sent.error() == Errc::would_block) {
                waiting = true;
                break;
            }
            user->outbox.pop_front();
        }
    }
    return waiting;
}

void forget_strangers(State& state) {
    std::vector<User*> gone;
    for (auto const& [index, user] : state.users.all()) {
        auto const stays = user->proven ? kUserStays : kStrangerStays;
        if (user->sessions.empty() && sys::has_passed(sys::deadline_from(user->idle_since, stays))) gone.push_back(user.get());
    }
    for (auto* const user : gone) state.users.remove(*user);
}

}  // namespace bus::broker
