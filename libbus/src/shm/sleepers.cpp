// Attention counters, and the words a thread writes before it sleeps.
#include "shm/sleepers.hpp"

#include <bit>
#include <string>

#include "shm/memory.hpp"

namespace bus::shm {

namespace {

Result<void> check_attention(std::span<std::byte const> segment) {
    if (segment.size() >= sizeof(AttentionSegment)) return {};
    return Error(Errc::invalid, "an attention segment has at least " + std::to_string(sizeof(AttentionSegment)) + " bytes, this one " +
                                    std::to_string(segment.size()));
}

}  // namespace

Result<AttentionView> AttentionView::open(std::span<std::byte const> segment) {
    if (auto const checked = check_attention(segment); !checked) return checked.error();
    AttentionView view;
    view.segment_ = reinterpret_cast<AttentionSegment const*>(segment.data());
    return view;
}

Result<OwnAttention> OwnAttention::open(std::span<std::byte> segment) {
    if (auto const checked = check_attention(segment); !checked) return checked.error();
    OwnAttention own;
    own.segment_ = reinterpret_cast<AttentionSegment*>(segment.data());
    return own;
}

void OwnAttention::raise(std::uint64_t topics) const noexcept {
    for (; topics != 0; topics &= topics - 1)
        segment_->counters[std::countr_zero(topics)].count.fetch_add(1, std::memory_order_acq_rel);  // partner: AttentionView::count
}

std::uint64_t Sleeper::fall_asleep(std::uint64_t topics, BellKind bell) noexcept {
    std::uint64_t const epoch = waiter_->sleep_epoch.load(std::memory_order_relaxed) | 1;
    waiter_->topics.store(topics, std::memory_order_relaxed);
    waiter_->bell.store(bell, std::memory_order_relaxed);
    waiter_->sleep_epoch.store(epoch, std::memory_order_release);  // partner: Bellringer::ring_new
    attention_.raise(topics);
    DefaultMemory::full_fence();  // partner: RingWriter::after_commit, or the global barrier the caller runs now
    return epoch;
}

void Sleeper::awake() noexcept {
    std::uint64_t const epoch = waiter_->sleep_epoch.load(std::memory_order_relaxed);
    if (epoch % 2 != 0) waiter_->sleep_epoch.store(epoch + 1, std::memory_order_release);
}

}  // namespace bus::shm
