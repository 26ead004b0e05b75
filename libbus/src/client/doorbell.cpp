// Ringing other sessions.
#include "client/doorbell.hpp"

namespace bus::client {

Result<Doorbell> Doorbell::open(Core& core, SessionKey session, std::uint32_t uid) {
    auto segment = core.peers.cursors(session);
    if (!segment) return segment.error();
    auto view = shm::CursorsView::open((*segment)->bytes());
    if (!view) return view.error();
    return Doorbell(core, session, uid, std::move(*segment), *view);
}

void Doorbell::ring(std::uint64_t topics) {
    ringer_.ring_new(view_, topics, [this](std::uint32_t waiter, shm::BellKind kind) { ring_one(waiter, kind); });
}

void Doorbell::ring_one(std::uint32_t waiter, shm::BellKind kind) {
    if (kind == shm::BellKind::semaphore && uid_ == core_->session.uid() && ring_semaphore(waiter)) return;
    ring_fifo();
}

bool Doorbell::ring_semaphore(std::uint32_t waiter) {
    if (!bells_) {
        auto const bells = core_->peers.bells(session_);
        if (!bells) return false;
        bells_ = *bells;
    }
    bells_->set.ring(bells_->base + waiter);
    return true;
}

void Doorbell::ring_fifo() {
    if (!fifo_) {
        auto fifo = sys::FifoWriter::open(core_->peers.fifo_path(session_.id));
        if (!fifo) return;
        fifo_.emplace(std::move(*fifo));
    }
    (void)fifo_->ring();
}

}  // namespace bus::client
