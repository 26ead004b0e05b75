// Laying a ring into an arena (busd), and finding it there again (everybody): offsets and capacity are checked against the segment once.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <span>
#include <string_view>

#include "shm/ring_view.hpp"

namespace bus::shm {

/// A publisher whose session ended goes on in another ring, with other numbers: what its rings have in common.
struct Lineage {
    std::uint64_t id = 0;               // 0: this is the first, and it never ended
    std::uint64_t numbered_before = 0;  // used in those before this one, but for `carried`
    std::uint64_t carried = 0;          // of those before, taken along: the first numbers of this one
};

struct RingSpec {
    std::uint64_t ring_id = 0;
    std::uint64_t session_id = 0;
    std::uint64_t capacity = 0;  // ring_capacity() makes a good one
    std::uint64_t history = 0;
    bool retain = false;
    std::uint32_t when_full = 0;
    std::string_view topic;
    std::string_view type;
    Lineage lineage = {};
};

/// The power of two that holds `wanted_bytes`, at least kMinRingBytes. Errors: too_large: above kMaxRingBytes.
Result<std::uint64_t> ring_capacity(std::uint64_t wanted_bytes);

/// Lays out an empty ring at `offset` of an arena: head and index; ring_extent_bytes(capacity) bytes from there are its own. What lay there
/// before does not matter. The magic word is stored last.
/// Errors: invalid: capacity, offset (a multiple of kPage behind the segment's head) or names are impossible; nothing was written.
Result<void> format_ring(std::span<std::byte> arena, std::uint64_t offset, RingSpec const& spec);

/// The magic word is cleared: nobody finds a ring there any more (before the extent is given back).
void unformat_ring(std::span<std::byte> arena, std::uint64_t offset) noexcept;

/// Takes RingSpec::retain back, of a ring that was left.
void retain_no_more(std::span<std::byte> arena, std::uint64_t offset) noexcept;

/// The ring at `offset`. Errors: conflict: another ring lies there, or one of another layout version; invalid: it reaches beyond the
/// segment, or is no ring.
Result<RingView> open_ring(std::span<std::byte const> arena, std::uint64_t offset, std::uint64_t ring_id);
Result<WritableRing> open_ring(std::span<std::byte> arena, std::uint64_t offset, std::uint64_t ring_id);

/// The zero-terminated names in a ring's head, cut where they should have ended.
std::string_view topic_of(RingView const& ring) noexcept;
std::string_view type_of(RingView const& ring) noexcept;

/// As its publisher told busd.
Lineage lineage_of(RingView const& ring) noexcept;

}  // namespace bus::shm
