// The life of a session: offered, live, reaping, free.
//
// Its client holds the slot's token (tokens.hpp) as long as it lives. A slot is freed only after busd's own semop on its token succeeded:
// then nobody holds it. If busd dies while it reaps, the kernel gives the token back, and the next one reaps again. The FIFO is the second
// witness: it sees exec, and tokens taken without undo. Then what the session had is given back at once, and the slot waits, `reaping`,
// until its token comes back; or, where it was taken without undo and never will, until its taker has gone.
#pragma once

#include <bus/error.hpp>
#include <string>

#include "requests.hpp"
#include "state.hpp"

namespace bus::broker {

inline constexpr std::chrono::seconds kOfferLasts{10};
inline constexpr std::uint64_t kFirstSessionTag = 16;  // in the poller: this + index of the session

/// Makes all a session has and offers it. Errors: limit (tables, kernel); those of the FIFO. Nothing is left then.
Result<Session*> offer_session(State& state, User& user, std::string const& name, std::uint64_t nonce);
/// The client says that it took the token. Errors: conflict: it did not; closed: nobody reads its FIFO.
Result<Made> attach_session(State& state, Session& session);

/// Ends a session whose token is ours, or whose token set has gone.
void end_session(State& state, Session& session, Events::How how);
/// Takes away all that a session has but for its slot, which is freed when its token comes back.
void fence_off(State& state, Session& session, Events::How how, std::string const& why);

/// Opens the write end of the session's FIFO and watches it. Errors: closed: nobody reads it.
Result<void> watch_fifo(State& state, Session& session);

}  // namespace bus::broker
