// The end of a bus: everybody is told, everything goes.
//
// Order: `ready` first, so that nobody comes; the directory's generation and epoch, and the `alive` set, so that who waits wakes and sees
// the end; the bells; then the objects, the directory last but for the registry that names it. If we die here the next busd finds what is
// left, and tells again who may not have heard it: hence the directory stays in the registry until all are told, though it is removed by
// then.
#include "adoption.hpp"
#include "broker.hpp"
#include "dump.hpp"
#include "log.hpp"
#include "sys/shared_segment.hpp"

namespace bus::broker {

void end_objects(State& state, Ending ending) {
    state.directory.head().broker_pid = ending == Ending::clean ? 0 : shm::kReplacedBus;
    state.directory.head().generation.store(state.objects.generation() + 1, std::memory_order_release);
    state.directory.raise_epoch();
    state.objects.remove(state.bus.alive);
    state.objects.remove(state.bus.rendezvous);
    // The mark stands when they look: a removed directory means that the bus is gone for good. We have it mapped, so the id is still its
    // own.
    (void)sys::Segment(state.bus.directory.id).remove();
    state.directory.raise_epoch();  // first: who sees his members' epoch looks at this one, and never again if it says nothing
    for (auto const& [index, ring] : state.rings.all()) state.directory.raise_member_epoch(index);
    ring_everybody(state);
    for (auto const& record : state.objects.objects()) state.objects.remove({record.id, record.key, record.cookie});
}

void end_bus(BusFolder& folder, State& state, Ending ending) {
    auto const dropped = what_is_dropped(state);
    auto const count = state.objects.count();
    unsay_ready(folder.folder);
    end_objects(state, ending);
    auto const left = state.objects.count();
    // Of a bus that another one follows the registry stays until then: it knows the generation. Whoever came back to a bus that counts from
    // 1 again would take its rings for those it has read.
    clear_folder(folder, left == 0 && ending == Ending::clean ? Objects::gone : Objects::left);
    log::info("ended; dropped " + dropped + "; removed " + std::to_string(count - left) + " kernel objects");
    if (left != 0) log::warning(std::to_string(left) + " kernel objects could not be removed: the registry names them for the next busd");
}

}  // namespace bus::broker
