// Messages on their way to the user: blocks that are used again, so that receiving allocates nothing in the steady state.
//
// One thread at a time takes (the subscriber's); anybody gives back, with one compare-and-swap (in a process with one thread, a load and a
// store). Taking prefers the private list and fetches all that was given back at once when that is empty, so there is no ABA.
//
// A Sample may outlive the pool's owner. Then the head of the list says kOrphaned and each block is deleted by whoever gives it back; the
// last one deletes the pool. The number of blocks that are out is added once, by the owner, and taken away by each that comes back: the
// sum reaches zero exactly once.
#pragma once

#include <atomic>
#include <bus/sample.hpp>
#include <cstddef>
#include <memory>
#include <new>

namespace bus::client {

class HeldRoom;

/// What all samples of one ring share; a sample keeps it for its topic's name.
struct RingIdentity {
    std::string topic;
    PublisherId publisher = 0;
    std::shared_ptr<TypeSource const> type;  // for Any only
    std::shared_ptr<HeldRoom> held;          // of a reliable reader only
};

class SamplePool;

struct PooledSample : detail::SampleBlock {
    explicit PooledSample(SamplePool& owner) noexcept : pool(&owner) {}
    /// Room for `size` bytes, aligned to kPayloadAlign; what was there is lost.
    std::byte* room(std::size_t size) {
        if (size <= buffer_bytes_ && buffer_) [[likely]]
            return buffer_.get();
        return grow(size);
    }
    /// From here on its messages are of this ring.
    void name(std::shared_ptr<RingIdentity const> const& identity) {
        ring = identity;
        info.publisher = ring->publisher;
        info.topic = ring->topic;
    }

    SamplePool* pool;
    PooledSample* next = nullptr;
    std::shared_ptr<RingIdentity const> ring;
    std::unique_ptr<google::protobuf::Message> parsed;  // proto only; keeps what it allocated
    Bytes view;
    Any any;

    HeldRoom* held = nullptr;  // where it holds room in its ring; the fields below are that one's
    std::uint64_t begin = 0;   // position of its record
    PooledSample *older = nullptr, *newer = nullptr;

private:
    std::byte* grow(std::size_t size);
    struct Free {
        void operator()(std::byte* bytes) const noexcept { ::operator delete[](bytes, std::align_val_t(detail::kPayloadAlign)); }
    };
    std::unique_ptr<std::byte[], Free> buffer_;
    std::size_t buffer_bytes_ = 0;
};

class SamplePool {
public:
    struct Orphan {
        void operator()(SamplePool* pool) const noexcept { pool->orphan(); }
    };
    using Owner = std::unique_ptr<SamplePool, Orphan>;

    static Owner create() { return Owner(new SamplePool); }
    SamplePool(SamplePool const&) = delete;
    SamplePool& operator=(SamplePool const&) = delete;

    /// The owner's thread only. The block's fields are as its last user left them.
    PooledSample* take() {
        if (free_ == nullptr) refill();
        auto* const block = free_;
        free_ = block->next;
        return block;
    }
    /// For when there is time: spares the next take() its exchange.
    void prepare() noexcept {
        if (free_ == nullptr && returned_.load(std::memory_order_relaxed) != nullptr) refill();
    }
    /// Gives back what take() returned, from the owner's thread.
    void untake(PooledSample* block) noexcept {
        block->next = free_;
        free_ = block;
    }
    void give_back(PooledSample* block) noexcept;

private:
    SamplePool() = default;
    ~SamplePool() = default;
    void refill();
    void orphan() noexcept;

    PooledSample* free_ = nullptr;  // the owner's
    std::size_t blocks_ = 0;        // ever made
    alignas(64) std::atomic<PooledSample*> returned_{nullptr};
    std::atomic<std::ptrdiff_t> out_{0};  // after orphan() only
};

}  // namespace bus::client
