// Taking tokens and giving them back.
#include "tokens.hpp"

#include <array>
#include <cerrno>
#include <csignal>

namespace bus::broker {
namespace {

constexpr int kLateClients = 64;  // of one uid, who hold the token of a free slot at the same time

// The kernel undoes before it lets go of the process: a token that is still taken when its taker can't be found was taken without undo.
bool has_gone(pid_t taker) { return taker > 0 && ::kill(taker, 0) != 0 && errno == ESRCH; }  // 0: in a pid namespace we can't see

// The value is 0 already: all that is missing is our own undo, for the case that we die before we give it back.
bool take_over(sys::SemaphoreSet const& tokens, std::uint32_t slot) {
    auto const index = static_cast<unsigned short>(slot);
    std::array<sembuf, 2> operations{sembuf{index, 1, 0}, sembuf{index, -1, SEM_UNDO}};
    return tokens.try_operate(operations).has_value();
}

// Errors: would_block (bare code): somebody has it.
Result<void> take(sys::SemaphoreSet const& tokens, std::uint32_t slot) {
    auto const taken = tokens.try_acquire(slot, 1, sys::Undo::yes);
    if (taken || taken.error() != Errc::would_block) return taken;
    auto const taker = tokens.last_pid(slot);
    if (taker && has_gone(*taker) && take_over(tokens, slot)) return {};
    return taken;
}

// There is one token of each slot. Who raises those of his uid by hand gives his own sessions two owners.
void take_surplus(sys::SemaphoreSet const& tokens, std::uint32_t slot) {
    if (auto const more = tokens.value(slot); more && *more > 0) (void)tokens.try_acquire(slot, *more);
}

}  // namespace

Life look_at_token(Session& session) {
    if (session.token_ours) return Life::dead;
    if (session.token_lost) return Life::unknown;
    auto const taken = session.user->token_set().try_acquire(session.index, 1, sys::Undo::yes);
    session.token_ours = taken.has_value();
    if (taken) return Life::dead;
    return taken.error() == Errc::would_block ? Life::alive : Life::unknown;
}

bool take_token_of_gone(Session& session) {
    auto const tokens = session.user->token_set();
    auto const taker = tokens.last_pid(session.index);
    if (taker && has_gone(*taker)) session.token_ours = take(tokens, session.index).has_value();
    return session.token_ours;
}

void take_token_of_lost(Session& session) {
    if (!session.token_ours) session.token_ours = take_over(session.user->token_set(), session.index);
}

Result<std::uint32_t> take_free_slot(State& state, User const& user) {
    auto const tokens = user.token_set();
    std::uint32_t from = 0;
    for (int held = 0; held < kLateClients; ++held) {
        auto const slot = state.directory.find_free<shm::SessionEntry>(from);
        if (!slot) return slot.error();
        auto const taken = take(tokens, *slot);
        if (taken) {
            take_surplus(tokens, *slot);
            return *slot;
        }
        if (taken.error() != Errc::would_block) return taken.error();
        from = *slot + 1;
    }
    return Error(Errc::limit,
                 "the tokens of " + std::to_string(kLateClients) + " free sessions are held by clients of uid " + std::to_string(user.uid) +
                     " that took them too late",
                 "end the programs of that uid that were stopped while they connected, or wait until they go on");
}

Result<void> give_token_back(User const& user, std::uint32_t slot) { return user.token_set().post(slot, 1, sys::Undo::yes); }

}  // namespace bus::broker
