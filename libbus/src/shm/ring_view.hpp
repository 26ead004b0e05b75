// A ring as it is mapped here: pointers and capacity, checked once (ring_format.hpp) and never read from its head again.
// Also the arithmetic of records that writer and reader share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shm/memory.hpp"
#include "shm/ring_layout.hpp"

namespace bus::shm {

struct RingView {
    RingHead const* head = nullptr;
    IndexEntry const* index = nullptr;
    std::byte const* data = nullptr;
    std::uint64_t capacity = 0;
    std::uint64_t ring_id = 0;
};

/// The same for its publisher.
struct WritableRing {
    RingHead* head = nullptr;
    IndexEntry* index = nullptr;
    std::byte* data = nullptr;
    std::uint64_t capacity = 0;
    std::uint64_t ring_id = 0;
    RingView view() const noexcept { return {head, index, data, capacity, ring_id}; }
};

/// Written into the record's head at commit; 0: not stamped.
struct Stamps {
    std::uint64_t steady_ns = 0;
    std::int64_t wall_ns = 0;
};

/// A record boundary and the sequence of the first message at or behind it; sequence 0: not known, the next message will tell.
struct RingPlace {
    std::uint64_t position = 0;
    std::uint64_t sequence = 0;
    friend bool operator==(RingPlace const&, RingPlace const&) = default;
};

constexpr std::uint64_t record_bytes(std::uint64_t payload_bytes, std::uint64_t extension_bytes) noexcept {
    return align_up(sizeof(RecordHead) + extension_bytes + payload_bytes, kRecordAlign);
}

/// The longest payload a ring takes. A record never wraps: it and the padding in front of it must fit into the ring at once, wherever it
/// begins, else a publisher would wait for room that can't come.
constexpr std::uint64_t max_payload_bytes(std::uint64_t capacity, std::uint64_t extension_bytes = 0) noexcept {
    std::uint64_t const heads = 2 * sizeof(RecordHead) + extension_bytes;
    std::uint64_t const room = capacity / 2 < heads ? 0 : capacity / 2 - heads;
    constexpr std::uint64_t kLongest = UINT32_MAX - kPage;  // lengths have 32 bits
    return room < kLongest ? room : kLongest;
}

/// Bytes a head claims to cover, itself included; 0: no such record can lie at `position` (wrong kind, length or place).
inline std::uint64_t checked_record_bytes(RecordHead const& head, std::uint64_t position, std::uint64_t capacity) noexcept {
    std::uint64_t const rest = capacity - (position & (capacity - 1));
    if (head.kind == RecordKind::padding) {
        std::uint64_t const all = sizeof(RecordHead) + std::uint64_t{head.bytes};
        return head.extension_bytes == 0 && all % kRecordAlign == 0 && all <= rest ? all : 0;
    }
    if (head.kind != RecordKind::message || head.extension_bytes % kRecordAlign != 0) return 0;
    std::uint64_t const all = record_bytes(head.bytes, head.extension_bytes);
    return all <= rest ? all : 0;
}

inline std::uint64_t load_tail(RingView const& ring) noexcept {
    return ring.head->tail.load(std::memory_order_acquire) & ~std::uint64_t{kRecordAlign - 1};  // partner: RingWriter::flush
}

/// Whether what was loaded from `position` before this call was not being overwritten yet.
template <class Memory = DefaultMemory>
bool still_there(RingView const& ring, std::uint64_t position) noexcept {
    Memory::acquire_fence();  // partner: the release fence in RingWriter::claim
    std::uint64_t const reserve = ring.head->reserve.load(std::memory_order_relaxed);
    return reserve <= ring.capacity || reserve - ring.capacity <= position;
}

/// The lowest position that was not being overwritten when this was called.
inline std::uint64_t oldest_position(RingView const& ring) noexcept {
    std::uint64_t const reserve = ring.head->reserve.load(std::memory_order_acquire);
    return reserve <= ring.capacity ? 0 : reserve - ring.capacity;
}

/// The index entry of a block, where it is whole and of this lap.
inline std::optional<RingPlace> load_index(RingView const& ring, std::uint64_t block) noexcept {
    IndexEntry const& entry = ring.index[block & (ring.capacity / kBlock - 1)];
    std::uint64_t const position = entry.position.load(std::memory_order_acquire);  // partner: RingWriter::note_block, its last store
    std::uint64_t const sequence = entry.sequence.load(std::memory_order_relaxed);
    DefaultMemory::acquire_fence();  // partner: the release fence in note_block
    if (entry.position.load(std::memory_order_relaxed) != position) return std::nullopt;
    if (position / kBlock != block || position % kRecordAlign != 0) return std::nullopt;
    return RingPlace{position, sequence};
}

}  // namespace bus::shm
