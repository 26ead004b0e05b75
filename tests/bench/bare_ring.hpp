// The floor: the least a ring between two processes can do. Variable-size records with heads of 8 bytes, one writer, one reader that is
// waited for, each side with a cached copy of the other's cursor; no index, no stamps, no sequences, no second reader, no checks.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

#include "shm/memory.hpp"

namespace bus::bench {

class BareRing {
public:
    static constexpr std::uint64_t kCapacity = 1 << 20;

    /// In memory shared with children forked later.
    static BareRing& create() {
        void* const memory = ::mmap(nullptr, sizeof(BareRing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        return *new (memory) BareRing;
    }

    void send(std::span<std::byte const> bytes) noexcept {
        auto tail = tail_.load(std::memory_order_relaxed);
        auto const record = (8 + bytes.size() + 15) & ~std::uint64_t{15};
        if (auto const rest = kCapacity - tail % kCapacity; rest < record) {
            std::uint64_t const padding = ~std::uint64_t{0};
            std::memcpy(data_ + tail % kCapacity, &padding, 8);
            tail += rest;
        }
        while (tail + record - seen_head_ > kCapacity) {
            seen_head_ = head_.load(std::memory_order_acquire);
            if (tail + record - seen_head_ > kCapacity) shm::cpu_relax();
        }
        auto* const to = data_ + tail % kCapacity;
        std::uint64_t const size = bytes.size();
        std::memcpy(to, &size, 8);
        std::memcpy(to + 8, bytes.data(), bytes.size());
        tail_.store(tail + record, std::memory_order_release);
    }

    /// Polls for the next record and copies it. Returns: its size.
    std::size_t receive(std::byte* into) noexcept {
        auto head = head_.load(std::memory_order_relaxed);
        for (;;) {
            while (seen_tail_ == head) {
                seen_tail_ = tail_.load(std::memory_order_acquire);
                if (seen_tail_ == head) shm::cpu_relax();
            }
            std::uint64_t size = 0;
            std::memcpy(&size, data_ + head % kCapacity, 8);
            if (size == ~std::uint64_t{0}) {
                head += kCapacity - head % kCapacity;
                continue;
            }
            std::memcpy(into, data_ + head % kCapacity + 8, size);
            head_.store(head + ((8 + size + 15) & ~std::uint64_t{15}), std::memory_order_release);
            return size;
        }
    }

private:
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    alignas(64) std::uint64_t seen_head_ = 0;  // the writer's
    alignas(64) std::atomic<std::uint64_t> head_{0};
    alignas(64) std::uint64_t seen_tail_ = 0;  // the reader's
    alignas(64) std::byte data_[kCapacity];
};

}  // namespace bus::bench
