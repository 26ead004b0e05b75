// Handing out sleeping places, waking them from inside.
#include "client/places.hpp"

#include <bit>

#include "sys/barrier.hpp"

namespace bus::client {

Places::~Places() {
    for (auto& event : events_) delete event.load(std::memory_order_relaxed);
}

std::optional<unsigned> Places::acquire() noexcept {
    auto used = used_.load(std::memory_order_relaxed);
    for (;;) {
        auto const place = static_cast<unsigned>(std::countr_one(used));
        if (place >= kDescriptors) return std::nullopt;
        // acquire: pairs with release(): what the place's last user stored in its waiter comes first
        if (used_.compare_exchange_weak(used, used | 1U << place, std::memory_order_acquire, std::memory_order_relaxed)) return place;
    }
}

void Places::release(unsigned place) noexcept { used_.fetch_and(~(1U << place), std::memory_order_release); }

Result<sys::EventFd const*> Places::event_of(unsigned place) {
    if (auto const* made = events_[place].load(std::memory_order_acquire)) return made;
    auto event = sys::EventFd::create();
    if (!event) return event.error();
    auto* const made = new sys::EventFd(std::move(*event));
    events_[place].store(made, std::memory_order_release);  // pairs with the acquire in poke(); only the place's user stores
    return made;
}

void Places::poke(unsigned place) const noexcept {
    if (auto const* event = events_[place].load(std::memory_order_acquire)) event->poke();
    session_.bells().ring(session_.bell_of(place));
}

// Pairs with the fence of Sleeper::fall_asleep: either its last look sees what made us poke, or we see its odd epoch here.
void Places::poke_all() const noexcept {
    sys::full_fence();
    for (unsigned place = kFirst; place < shm::kWaitersPerSession; ++place)
        if (waiter(place).sleep_epoch.load(std::memory_order_relaxed) % 2 == 1) poke(place);
}

}  // namespace bus::client
