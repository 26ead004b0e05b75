// The tokens of session slots, as busd uses them: who has the semaphore of a slot has the slot.
//
// 1: nobody has it. 0: one process has it, a client or busd. Both take it by semop(-1, SEM_UNDO), so that whoever dies gives it back. busd
// gives a slot another owner, and frees it, only while it has the token itself, also where it offers a free one (docs/models.md#session).
// Two exceptions: in a set that replaces a removed one the tokens of the sessions there are (SessionEntry::token_lost) are 0 and nobody's;
// and a token that was taken without undo never comes back: it is ours once its taker can't be found any more.
#pragma once

#include <bus/error.hpp>
#include <cstdint>

#include "state.hpp"

namespace bus::broker {

enum class Life {
    alive,    // somebody holds the token
    dead,     // nobody does; now it is ours
    unknown,  // the token set has gone: the FIFO must tell
};
Life look_at_token(Session& session);
/// Of a session whose FIFO nobody reads and whose token somebody holds: whether that process has gone, so that nobody will give it back.
/// Then the token is ours.
bool take_token_of_gone(State& state, Session& session);
/// Of a session that ends and whose set was removed: the token of its slot in the set of now is ours.
void take_token_of_lost(Session& session);

/// A free entry of the table of sessions whose token, in the set of that uid, is ours now. One that a client holds still, who came too late
/// with the offer before, is passed by. Errors: limit: the table is full, or too many are held; not_found: the set has gone; those of
/// semop.
Result<std::uint32_t> take_free_slot(State& state, User& user);
/// From here on whoever takes it has it. Errors: those of semop: it is ours still, until the slot is taken again or we end.
Result<void> give_token_back(User& user, std::uint32_t slot);

}  // namespace bus::broker
