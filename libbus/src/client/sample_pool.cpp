// The pool of messages on their way to the user.
#include "client/sample_pool.hpp"

#include <sys/single_threaded.h>

#include <bit>

#include "client/held_room.hpp"

namespace bus {

namespace client {

namespace {

constexpr std::size_t kSmallestBuffer = 256;

// No block: the mark of a pool whose owner has gone.
PooledSample* orphaned() noexcept {
    static std::byte mark;
    return reinterpret_cast<PooledSample*>(&mark);
}

std::size_t delete_list(PooledSample* block) noexcept {
    std::size_t count = 0;
    for (; block != nullptr; ++count) delete std::exchange(block, block->next);
    return count;
}

}  // namespace

// An empty message points somewhere too.
std::byte* PooledSample::grow(std::size_t size) {
    auto const wanted = std::bit_ceil(std::max(size, kSmallestBuffer));
    buffer_.reset();
    buffer_bytes_ = 0;
    buffer_.reset(static_cast<std::byte*>(::operator new[](wanted, std::align_val_t(detail::kPayloadAlign))));
    buffer_bytes_ = wanted;
    return buffer_.get();
}

void SamplePool::refill() {
    if (__libc_single_threaded != 0) {
        free_ = returned_.load(std::memory_order_relaxed);
        returned_.store(nullptr, std::memory_order_relaxed);
    } else {
        free_ = returned_.exchange(nullptr, std::memory_order_acquire);  // pairs with the release in give_back: its last user is done
    }
    if (free_ != nullptr) return;
    free_ = new PooledSample(*this);
    ++blocks_;
}

void SamplePool::give_back(PooledSample* block) noexcept {
    auto* head = returned_.load(std::memory_order_acquire);
    if (__libc_single_threaded != 0 && head != orphaned()) {
        block->next = head;
        returned_.store(block, std::memory_order_relaxed);
        return;
    }
    while (head != orphaned()) {
        block->next = head;
        // release: pairs with the exchange in refill() and orphan()
        if (returned_.compare_exchange_weak(head, block, std::memory_order_release, std::memory_order_acquire)) return;
    }
    delete block;
    if (out_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void SamplePool::orphan() noexcept {
    auto const returned = delete_list(returned_.exchange(orphaned(), std::memory_order_acq_rel));  // acquire: pairs with give_back
    auto const here = delete_list(free_) + returned;
    auto const out = static_cast<std::ptrdiff_t>(blocks_ - here);
    if (out_.fetch_add(out, std::memory_order_acq_rel) == -out) delete this;
}

}  // namespace client

void detail::give_back(SampleBlock* block) noexcept {
    auto* const pooled = static_cast<client::PooledSample*>(block);
    if (pooled->held != nullptr) pooled->held->take_back(*pooled);
    pooled->pool->give_back(pooled);
}

}  // namespace bus
