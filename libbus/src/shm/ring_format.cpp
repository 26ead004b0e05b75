// Ring heads: laid out by busd, believed by nobody.
#include "shm/ring_format.hpp"

#include <bit>
#include <cstring>
#include <memory>
#include <string>

namespace bus::shm {

namespace {

constexpr std::uint64_t kMagic = kRingMagic | kLayoutVersion;
constexpr std::uint64_t kMagicMask = 0xFFFF'FFFF'0000'0000;

bool is_capacity(std::uint64_t capacity) noexcept {
    return std::has_single_bit(capacity) && capacity >= kMinRingBytes && capacity <= kMaxRingBytes;
}

Error bad_ring(std::uint64_t offset, std::string const& why) {
    return {Errc::invalid, "ring at offset " + std::to_string(offset) + " of the arena: " + why};
}

Result<void> check_place(std::uint64_t arena_bytes, std::uint64_t offset, std::uint64_t capacity) {
    if (!is_capacity(capacity)) return bad_ring(offset, "a capacity of " + std::to_string(capacity) + " bytes is impossible");
    if (offset < kPage || offset % kPage != 0) return bad_ring(offset, "rings begin at multiples of " + std::to_string(kPage));
    if (offset > arena_bytes || ring_extent_bytes(capacity) > arena_bytes - offset)
        return bad_ring(offset,
                        std::to_string(ring_extent_bytes(capacity)) + " bytes reach beyond the segment of " + std::to_string(arena_bytes));
    return {};
}

void set_name(char (&field)[kNameBytes], std::string_view name) noexcept {
    std::memset(field, 0, sizeof field);
    std::memcpy(field, name.data(), name.size());
}

struct Found {
    std::byte const* head;
    std::uint64_t capacity, index_offset, data_offset;
};

Result<Found> find(std::span<std::byte const> arena, std::uint64_t offset, std::uint64_t ring_id) {
    if (auto const placed = check_place(arena.size(), offset, kMinRingBytes); !placed) return placed.error();
    auto const& head = *reinterpret_cast<RingHead const*>(arena.data() + offset);
    std::uint64_t const magic = head.magic_version.load(std::memory_order_acquire);  // partner: format_ring, its last store
    if (magic != kMagic && magic != 0 && (magic & kMagicMask) == kRingMagic)
        return Error(Errc::conflict,
                     "the ring has layout version " + std::to_string(magic & ~kMagicMask) + ", this program knows version " +
                         std::to_string(kLayoutVersion),
                     "use libraries of one release");
    if (magic != kMagic) return bad_ring(offset, "there is no ring");
    if (std::uint64_t const there = head.ring_id; there != ring_id)
        return Error(Errc::conflict, "ring " + std::to_string(there) + " lies where ring " + std::to_string(ring_id) + " was looked for");
    Found const found{arena.data() + offset, load_word(&head.capacity), load_word(&head.index_offset), load_word(&head.data_offset)};
    if (auto const placed = check_place(arena.size(), offset, found.capacity); !placed) return placed.error();
    if (found.index_offset != kPage || found.data_offset != ring_extent_bytes(found.capacity) - found.capacity)
        return bad_ring(offset, "its index or its records lie elsewhere");
    return found;
}

}  // namespace

Result<std::uint64_t> ring_capacity(std::uint64_t wanted_bytes) {
    if (wanted_bytes > kMaxRingBytes)
        return Error(Errc::too_large, "a ring of " + std::to_string(wanted_bytes) + " bytes: at most " + std::to_string(kMaxRingBytes));
    return std::bit_ceil(std::max<std::uint64_t>(wanted_bytes, kMinRingBytes));
}

Result<void> format_ring(std::span<std::byte> arena, std::uint64_t offset, RingSpec const& spec) {
    if (auto const placed = check_place(arena.size(), offset, spec.capacity); !placed) return placed.error();
    if (spec.topic.size() >= kNameBytes || spec.type.size() >= kNameBytes)
        return bad_ring(offset, "names have at most " + std::to_string(kNameBytes - 1) + " bytes");
    auto& head = *reinterpret_cast<RingHead*>(arena.data() + offset);
    head.magic_version.store(0, std::memory_order_relaxed);
    DefaultMemory::release_fence();
    head.ring_id = spec.ring_id;
    head.session_id = spec.session_id;
    head.capacity = spec.capacity;
    head.index_offset = kPage;
    head.data_offset = ring_extent_bytes(spec.capacity) - spec.capacity;
    head.history = spec.history;
    head.retain = spec.retain ? 1 : 0;
    head.when_full = spec.when_full;
    set_name(head.topic, spec.topic);
    set_name(head.type, spec.type);
    head.lineage = spec.lineage.id;
    head.numbered_before = spec.lineage.numbered_before;
    head.carried = spec.lineage.carried;
    for (auto* const word : {&head.reserve, &head.tail, &head.sequence, &head.dropped, &head.waited_ns, &head.held_by, &head.left})
        word->store(0, std::memory_order_relaxed);
    head.limit.store(spec.capacity, std::memory_order_relaxed);  // readers that were there first count from 0
    head.fenced.store(1, std::memory_order_relaxed);
    auto* const index = reinterpret_cast<IndexEntry*>(arena.data() + offset + head.index_offset);
    for (std::uint64_t block = 0; block < spec.capacity / kBlock; ++block) {
        index[block].position.store(~std::uint64_t{0}, std::memory_order_relaxed);
        index[block].sequence.store(0, std::memory_order_relaxed);
    }
    head.magic_version.store(kMagic, std::memory_order_release);
    return {};
}

void unformat_ring(std::span<std::byte> arena, std::uint64_t offset) noexcept {
    reinterpret_cast<RingHead*>(arena.data() + offset)->magic_version.store(0, std::memory_order_release);
}

void retain_no_more(std::span<std::byte> arena, std::uint64_t offset) noexcept {
    std::atomic_ref(reinterpret_cast<RingHead*>(arena.data() + offset)->retain).store(0, std::memory_order_relaxed);
}

Result<RingView> open_ring(std::span<std::byte const> arena, std::uint64_t offset, std::uint64_t ring_id) {
    auto const found = find(arena, offset, ring_id);
    if (!found) return found.error();
    return RingView{reinterpret_cast<RingHead const*>(found->head), reinterpret_cast<IndexEntry const*>(found->head + found->index_offset),
                    found->head + found->data_offset, found->capacity, ring_id};
}

Result<WritableRing> open_ring(std::span<std::byte> arena, std::uint64_t offset, std::uint64_t ring_id) {
    auto const found = find(arena, offset, ring_id);
    if (!found) return found.error();
    std::byte* const head = arena.data() + offset;
    return WritableRing{reinterpret_cast<RingHead*>(head), reinterpret_cast<IndexEntry*>(head + found->index_offset),
                        head + found->data_offset, found->capacity, ring_id};
}

std::string_view topic_of(RingView const& ring) noexcept { return {ring.head->topic, strnlen(ring.head->topic, kNameBytes)}; }
std::string_view type_of(RingView const& ring) noexcept { return {ring.head->type, strnlen(ring.head->type, kNameBytes)}; }

Lineage lineage_of(RingView const& ring) noexcept {
    return {load_word(&ring.head->lineage), load_word(&ring.head->numbered_before), load_word(&ring.head->carried)};
}

}  // namespace bus::shm
