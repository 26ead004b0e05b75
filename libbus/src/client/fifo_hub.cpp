// Sharing one FIFO among descriptors and threads.
#include "client/fifo_hub.hpp"

#include <algorithm>
#include <utility>

#include "shm/sleepers.hpp"

namespace bus::client {

void FifoHub::add(sys::EventFd const& listener) {
    std::lock_guard const lock(mutex_);
    listeners_.push_back(&listener);
}

void FifoHub::remove(sys::EventFd const& listener) noexcept {
    std::lock_guard const lock(mutex_);
    std::erase(listeners_, &listener);
}

void FifoHub::drain(sys::EventFd const* mine) noexcept {
    std::lock_guard const lock(mutex_);  // so that nobody finds the FIFO empty and sleeps between our read and the pokes
    auto const rung = places_.session().fifo().drain();
    if (rung && !*rung) return;
    for (auto const* listener : listeners_)
        if (listener != mine) listener->poke();
}

void FifoHub::arm(std::uint64_t topics) noexcept {
    std::lock_guard const lock(mutex_);
    topics_ |= topics;
    auto sleeper = places_.sleeper(Places::kDescriptors);
    if (places_.waiter(Places::kDescriptors).sleep_epoch.load(std::memory_order_relaxed) % 2 == 1) sleeper.awake();
    sleeper.fall_asleep(topics_, shm::BellKind::fifo);
}

Result<std::unique_ptr<Watch>> Watch::create(FifoHub& hub) {
    auto event = sys::EventFd::create();
    if (!event) return event.error();
    auto poller = sys::Poller::create();
    if (!poller) return poller.error();
    if (auto added = poller->add(hub.fd(), EPOLLIN, 0); !added) return added.error();
    if (auto added = poller->add(event->fd(), EPOLLIN, 1); !added) return added.error();
    std::unique_ptr<Watch> watch(new Watch(hub, std::move(*event), std::move(*poller)));
    watch->poke();
    hub.add(watch->event_);
    return watch;
}

// The own event first: what is poked from here on stays.
void Watch::quiet(std::uint64_t topics) noexcept {
    std::lock_guard const lock(mutex_);
    (void)event_.drain();
    hub_->drain(&event_);
    hub_->arm(topics);
    if (deaf_) [[unlikely]]
        listen();
}

// The new one first: what is rung in between is heard by one of the two.
void Watch::move_to(FifoHub& other) noexcept {
    std::lock_guard const lock(mutex_);
    if (hub_ == &other) return;
    other.add(event_);
    auto& before = *std::exchange(hub_, &other);
    before.remove(event_);
    (void)poller_.remove(before.fd());
    listen();
    poke();
}

void Watch::listen() noexcept {
    auto const added = poller_.add(hub_->fd(), EPOLLIN, 0);
    deaf_ = !added && added.error() != Errc::conflict;
    if (deaf_) poke();
}

}  // namespace bus::client
