// The tokens of session slots, as busd uses them: who has the semaphore of a slot has the slot.
//
// 1: nobody has it. 0: one process has it, a client or busd. Both take it by semop(-1, SEM_UNDO), so that whoever dies gives it back; busd
// changes what a slot stands for only while it has the token, also where it offers a free one (docs/models.md#session, T1 to T4).
// A token that was taken without undo never comes back: then it is ours once its taker can't be found any more.
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
bool take_token_of_gone(Session& session);
/// Of a session that ends and whose set was removed: in the set that came in its place the token is 0 and nobody's. Now it is ours.
void take_token_of_lost(Session& session);

/// A free entry of the table of sessions whose token, in the set of that uid, is ours now. One that a client holds still, who came too late
/// with the offer before, is passed by. Errors: limit: the table is full, or too many are held; not_found: the set has gone.
Result<std::uint32_t> take_free_slot(State& state, User const& user);
/// From here on whoever takes it has it. Errors: those of SemaphoreSet::post: it is ours still.
Result<void> give_token_back(User const& user, std::uint32_t slot);

}  // namespace bus::broker
