// Taking tokens and giving them back.
#include "tokens.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "log.hpp"

namespace bus::broker {
namespace {

constexpr int kLateClients = 64;  // of one uid, who hold the token of a free slot at the same time

bool has_gone(pid_t pid) { return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH; }  // 0: in a pid namespace we can't see

// The value is 0 already, and nobody's: all that is missing is our own undo, for the case that we die before we give it back.
bool take_over(sys::SemaphoreSet const& tokens, std::uint32_t slot) {
    auto const index = static_cast<unsigned short>(slot);
    std::array<sembuf, 2> operations{sembuf{index, 1, 0}, sembuf{index, -1, SEM_UNDO}};
    return tokens.try_operate(operations).has_value();
}

// There is one token of each slot. Who raises those of his uid by hand gives his own sessions two owners.
void take_surplus(User const& user, std::uint32_t slot) {
    auto const more = user.token_set().value(slot);
    if (!more || *more == 0) return;
    (void)user.token_set().try_acquire(slot, *more);
    log::warning("somebody raised token " + std::to_string(slot) + " of uid " + std::to_string(user.uid) + " by " + std::to_string(*more));
}

}  // namespace

Life look_at_token(Session& session) {
    if (session.token_ours) return Life::dead;
    if (session.token_lost) return Life::unknown;
    auto const taken = session.user->token_set().try_acquire(session.index, 1, sys::Undo::yes);
    session.token_ours = taken.has_value();
    if (taken) return Life::dead;
    // Whatever else it says (no memory, no right to it for now) is no word about its client.
    return taken.error() == Errc::not_found ? Life::unknown : Life::alive;
}

// The kernel undoes before it lets go of the process: what is still 0 when its last taker can't be found was taken without undo, and who
// has gone changes nothing any more. Anybody may make himself the last one who touched it (a look at zero needs no right to alter): so the
// one who attached must have gone too.
bool take_token_of_gone(State& state, Session& session) {
    auto const tokens = session.user->token_set();
    auto const attached = state.directory.own<shm::SessionEntry>(session.index)->pid;
    auto const taker = tokens.last_pid(session.index);
    if (!taker || !has_gone(*taker) || !has_gone(attached)) return false;
    auto const value = tokens.value(session.index);
    auto const still = tokens.last_pid(session.index);
    if (value && *value == 0 && still && *still == *taker) session.token_ours = take_over(tokens, session.index);
    return session.token_ours;
}

void take_token_of_lost(Session& session) {
    if (!session.token_ours) session.token_ours = take_over(session.user->token_set(), session.index);
}

Result<std::uint32_t> take_free_slot(State& state, User& user) {
    auto const tokens = user.token_set();
    std::uint32_t from = 0;
    for (int held = 0; held < kLateClients; ++held) {
        auto const slot = state.directory.find_free<shm::SessionEntry>(from);
        if (!slot) return slot.error();
        auto const taken = user.tokens_kept.contains(*slot) ? Result<void>() : tokens.try_acquire(*slot, 1, sys::Undo::yes);
        if (taken) {
            user.tokens_kept.erase(*slot);
            take_surplus(user, *slot);
            return *slot;
        }
        if (taken.error() != Errc::would_block) return taken.error();
        from = *slot + 1;
    }
    return Error(Errc::limit,
                 "the tokens of " + std::to_string(kLateClients) + " free sessions are held by programs of uid " +
                     std::to_string(user.uid) + " that took them too late",
                 "end the programs of that uid that were stopped while they connected, or wait until they go on");
}

Result<void> give_token_back(User& user, std::uint32_t slot) {
    auto given = user.token_set().post(slot, 1, sys::Undo::yes);
    if (!given && given.error() != Errc::not_found) user.tokens_kept.insert(slot);
    return given;
}

}  // namespace bus::broker
