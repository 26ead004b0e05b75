// A ring in ordinary memory of the test: formatted as busd does it, opened as publishers and subscribers do.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "shm/cursors.hpp"
#include "shm/ring_format.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_writer.hpp"

namespace bus::test {

/// Zeroed memory at a page boundary, as the kernel gives a segment.
class PageMemory {
public:
    explicit PageMemory(std::size_t bytes)
        : bytes_(bytes), memory_(static_cast<std::byte*>(std::aligned_alloc(shm::kPage, shm::align_up(bytes, shm::kPage)))) {
        std::memset(memory_.get(), 0, bytes_);
    }
    std::span<std::byte> bytes() const { return {memory_.get(), bytes_}; }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::size_t bytes_;
    std::unique_ptr<std::byte, Free> memory_;
};

inline constexpr std::uint64_t kTestRingId = 77;

class TestRing {
public:
    explicit TestRing(std::uint64_t capacity) : memory_(shm::kPage + shm::ring_extent_bytes(capacity)) {
        shm::RingSpec const spec{.ring_id = kTestRingId, .session_id = 5, .capacity = capacity, .topic = "robot/pose", .type = "nav.Pose"};
        shm::format_ring(memory_.bytes(), shm::kPage, spec).value();
    }
    shm::WritableRing writable() const { return shm::open_ring(memory_.bytes(), shm::kPage, kTestRingId).value(); }
    shm::RingView view() const { return shm::open_ring(std::span<std::byte const>(memory_.bytes()), shm::kPage, kTestRingId).value(); }
    std::span<std::byte> arena() const { return memory_.bytes(); }

private:
    PageMemory memory_;
};

/// A publisher nobody holds back: its limit follows its tail.
template <class Memory = shm::DefaultMemory>
class FreeWriter : public shm::RingWriter<Memory> {
public:
    explicit FreeWriter(TestRing const& ring) : shm::RingWriter<Memory>(ring.writable()) {}
    std::uint64_t put(std::span<std::byte const> payload) {
        if (std::uint64_t const sequence = this->publish(payload)) return sequence;
        this->refresh_limit([](std::uint64_t tail) { return tail; });
        return this->publish(payload);
    }
    std::uint64_t put(std::string const& text) { return put(std::as_bytes(std::span(text))); }
};

/// `bytes` bytes that say who they are: any byte of another message, or of another length, is told by is_message().
inline std::vector<std::byte> message_of(std::uint64_t sequence, std::size_t bytes) {
    std::vector<std::byte> payload(bytes);
    for (std::size_t i = 0; i < bytes; ++i) payload[i] = static_cast<std::byte>(sequence * 131 + i * 7 + bytes);
    return payload;
}
inline bool is_message(std::span<std::byte const> payload, std::uint64_t sequence) {
    for (std::size_t i = 0; i < payload.size(); ++i)
        if (payload[i] != static_cast<std::byte>(sequence * 131 + i * 7 + payload.size())) return false;
    return true;
}

/// A buffer for next(), kept between calls.
class Room {
public:
    std::byte* operator()(std::size_t bytes) {
        if (bytes > buffer_.size()) buffer_.resize(bytes);
        if (buffer_.empty()) buffer_.resize(1);
        return buffer_.data();
    }

private:
    std::vector<std::byte> buffer_;
};

inline std::string text_of(std::span<std::byte const> bytes) { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }

}  // namespace bus::test
