// Looking whether the bus's own objects are still there.
//
// Their places in the directory's head are changed while clients read them: id and key are one word, so a reader sees the old one or the
// new one. Dead in between? The next busd finds an object that the head does not name, and removes it; and one that is missing, and makes
// the bus anew.
#include "own_objects.hpp"

#include <array>

#include "bells.hpp"
#include "log.hpp"
#include "shm/memory.hpp"
#include "sys/message_queue.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

void point_at(shm::ObjectRef& place, shm::ObjectRef const& made) {
    std::uint64_t word = 0;
    static_assert(offsetof(shm::ObjectRef, id) == 0 && offsetof(shm::ObjectRef, key) == 4);
    std::memcpy(&word, &made, sizeof word);
    shm::store_word(&place, word);
}

Result<void> replace(State& state, shm::ObjectRef& ours, shm::ObjectRef& place, Result<shm::ObjectRef> const& made, char const* what) {
    if (!made) return made.error();
    state.objects.remove(ours);
    ours = *made;
    point_at(place, *made);
    state.directory.raise_epoch();
    log::warning(std::string("somebody removed the ") + what + " of the bus: made anew");
    return {};
}

Result<void> make_alive_anew(State& state) {
    std::array<sys::SemaphoreValue, 1> const dead{0};
    auto const made = state.objects.create_set(shm::ObjectKind::alive, dead, {sys::effective_uid(), sys::effective_gid(), 0644},
                                               "busd of bus " + std::string(shm::text(state.directory.head().bus_name)) + " lives");
    if (!made) return made.error();
    if (auto said = say_alive(*made); !said) return said;
    return replace(state, state.bus.alive, state.directory.head().alive, made, "sign of life");
}

Result<void> make_rendezvous_anew(State& state) {
    auto const made = state.objects.create_queue(shm::ObjectKind::rendezvous, {sys::effective_uid(), sys::effective_gid(), 0622},
                                                 "rendezvous of bus " + std::string(shm::text(state.directory.head().bus_name)));
    return replace(state, state.bus.rendezvous, state.directory.head().rendezvous, made, "rendezvous queue");
}

}  // namespace

Result<void> say_alive(shm::ObjectRef const& alive) {
    sys::SemaphoreSet const set(alive.id);
    while (set.try_acquire(0)) continue;  // nobody else lives: we hold the lock
    return set.post(0, 1, sys::Undo::yes);
}

void look_after_own_objects(State& state) {
    if (!is_there(shm::ObjectKind::alive, state.bus.alive))
        if (auto made = make_alive_anew(state); !made) log::error("the sign of life was removed: " + made.error().what());
    if (!is_there(shm::ObjectKind::rendezvous, state.bus.rendezvous))
        if (auto made = make_rendezvous_anew(state); !made) log::error("the rendezvous queue was removed: " + made.error().what());
}

}  // namespace bus::broker
