// The least a ring of variable-size messages can be: one writer, one reader, heads of 8 bytes, each side with a cached copy of the other's
// cursor, inside one process, so that the writer can be measured alone too.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>

#include "support/test_ring.hpp"

namespace bus::test {

class LoneRing {
public:
    explicit LoneRing(std::uint64_t capacity) : memory_(capacity), data_(memory_.bytes().data()), capacity_(capacity) {}

    bool push(std::span<std::byte const> message) {
        std::uint64_t const bytes = (kHead + message.size() + kHead - 1) & ~(kHead - 1);
        std::uint64_t start = writing_;
        std::uint64_t const rest = capacity_ - (start & (capacity_ - 1));
        if (rest < bytes) start += rest;
        if (start + bytes - seen_read_ > capacity_) {
            seen_read_ = read_.load(std::memory_order_acquire);
            if (start + bytes - seen_read_ > capacity_) return false;
        }
        if (start != writing_) store(writing_, kPadding);
        store(start, message.size());
        if (!message.empty()) std::memcpy(data_ + (start & (capacity_ - 1)) + kHead, message.data(), message.size());
        writing_ = start + bytes;
        written_.store(writing_, std::memory_order_release);
        return true;
    }

    template <class Use>
    bool pop(Use&& use) {
        for (;;) {
            if (reading_ == seen_written_) {
                seen_written_ = written_.load(std::memory_order_acquire);
                if (reading_ == seen_written_) return false;
            }
            std::uint64_t const place = reading_ & (capacity_ - 1);
            std::uint64_t size = 0;
            std::memcpy(&size, data_ + place, kHead);
            if (size == kPadding) {
                reading_ += capacity_ - place;
                continue;
            }
            use(std::span<std::byte const>(data_ + place + kHead, size));
            reading_ += (kHead + size + kHead - 1) & ~(kHead - 1);
            read_.store(reading_, std::memory_order_release);
            return true;
        }
    }

    /// The writer alone: as if the reader had read everything.
    void forget_all() { read_.store(writing_, std::memory_order_release); }

private:
    static constexpr std::uint64_t kHead = 8;
    static constexpr std::uint64_t kPadding = ~std::uint64_t{0};

    void store(std::uint64_t position, std::uint64_t size) { std::memcpy(data_ + (position & (capacity_ - 1)), &size, kHead); }

    PageMemory memory_;
    std::byte* data_;
    std::uint64_t capacity_;
    alignas(shm::kLine) std::uint64_t writing_ = 0;
    std::uint64_t seen_read_ = 0;
    alignas(shm::kLine) std::atomic<std::uint64_t> written_{0};
    alignas(shm::kLine) std::uint64_t reading_ = 0;
    std::uint64_t seen_written_ = 0;
    alignas(shm::kLine) std::atomic<std::uint64_t> read_{0};
};

}  // namespace bus::test
