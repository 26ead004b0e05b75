// Ringing sleepers, as their cursor segment says.
#include "bells.hpp"

#include <atomic>

namespace bus::broker {
namespace {

// Each of the two may say no (the set was removed, the reader died): then there is nobody to wake.
void post(Session const& session, std::uint32_t index, shm::BellKind bell) {
    if (bell == shm::BellKind::fifo) {
        if (session.fifo) (void)session.fifo->ring();
        return;
    }
    (void)sys::SemaphoreSet(session.bells.set.id).post(session.bells.base + index);
}

void ring(Session const& session, std::uint32_t index) {
    auto const* const waiter = session.cursors_view.waiter(index);
    if (waiter->sleep_epoch.load(std::memory_order_acquire) % 2 == 0) return;
    post(session, index, waiter->bell.load(std::memory_order_relaxed));
}

}  // namespace

void ring_for_answer(Session const& session) {
    if (!session.cursors_mapping) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    ring(session, 0);
}

void ring_all(Session const& session) {
    if (!session.cursors_mapping) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (std::uint32_t index = 0; index < shm::kWaitersPerSession; ++index) ring(session, index);
}

void ring_for_message(Session const& session, shm::Bellringer& bell, std::uint64_t topics) {
    if (!session.cursors_mapping) return;
    bell.ring_new(session.cursors_view, topics, [&](std::uint32_t index, shm::BellKind kind) { post(session, index, kind); });
}

}  // namespace bus::broker
