// Layout of one ring in an arena segment, version 1. Drawing and life cycle: docs/shared-memory.md#ring
//
//   offset  bytes  field           written by   meaning
//        0      8  magic_version   busd         kRingMagic | kLayoutVersion; 0 until the rest of the first 1024 bytes is valid
//        8      8  ring_id         busd         the publisher's id: never used twice on a bus
//       16      8  session_id      busd         of the publisher's connection
//       24      8  capacity        busd         bytes of the record area, a power of two, at least kMinRingBytes
//       32      8  index_offset    busd         from the ring's head to the first IndexEntry
//       40      8  data_offset     busd         from the ring's head to the record area
//       48      8  history         busd         messages a late subscriber may ask for; 0: what the ring happens to hold
//       56      4  retain          busd         1: outlives its publisher
//       60      4  when_full       busd         bus::WhenFull
//       64    256  topic           busd         name, zero-terminated
//      320    256  type            busd         full name of the type, zero-terminated
//      576      8  lineage         busd         the same in all rings of a publisher whose session ended and came back; 0: its first
//      584      8  numbered_before busd         numbers used in its rings before this one, but for those it takes along
//      592      8  carried         busd         numbers it takes along into this one, for subscribers that come later
//     1024      8  reserve         publisher    bytes ever claimed: what lies below reserve - capacity may be overwritten
//     1088      8  tail            publisher    bytes ever committed; the commit is the release store of this word
//     1096      8  sequence        publisher    number of the last committed message
//     1152      8  limit           publisher    how far it may claim without looking at the cursors again
//     1160      4  fenced          publisher    1: it fences between tail and the attention counters; 0: a sleeper must call membarrier
//     1216      8  dropped         publisher    messages given up because of WhenFull::drop
//     1224      8  waited_ns       publisher    time spent waiting for reliable readers
//     1232      8  held_by         publisher    session id of whom it waits for now; 0: nobody
//     1240      8  left            publisher    1: it has closed, or goes on in another ring: nothing comes any more
//     4096         index           publisher    capacity / kBlock entries: first record that starts in that block
//        .         records         publisher    capacity bytes
//
// Positions are 64-bit and only grow; the place of a byte is data + (position & (capacity - 1)). No pointers, only offsets.
// A record never wraps: a padding record fills the end. Records and paddings begin at multiples of kRecordAlign.
#pragma once

#include "shm/segment_layout.hpp"

namespace bus::shm {

inline constexpr std::uint64_t kRingMagic = 0x4255'5352'0000'0000;  // "BUSR"
inline constexpr std::size_t kBlock = 4096;                         // bytes of the record area one index entry stands for
inline constexpr std::size_t kRecordAlign = 32;
inline constexpr std::size_t kMinRingBytes = 4096;
inline constexpr std::size_t kMaxRingBytes = std::size_t{1} << 34;
inline constexpr std::size_t kNameBytes = 256;  // 255 and the zero

enum class RecordKind : std::uint16_t { none = 0, message = 1, padding = 2 };

struct RecordHead {  // in front of each message; the next record begins at align_up(this + sizeof(RecordHead) + extension_bytes + bytes)
    std::uint32_t bytes;  // of the payload (padding: of what is skipped behind this head)
    RecordKind kind;
    std::uint16_t extension_bytes;  // a multiple of kRecordAlign, between head and payload: RecordOrigin where present
    std::uint64_t sequence;         // padding: of the message that follows
    std::uint64_t sent_steady_ns;   // CLOCK_MONOTONIC at commit; 0: not stamped
    std::int64_t sent_wall_ns;      // CLOCK_REALTIME at commit; 0: not stamped
};

struct IndexEntry {  // valid for block b iff position / kBlock == b; position is stored ~0 before and the new one (release) after sequence
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> sequence;
};

struct RingHead {
    std::atomic<std::uint64_t> magic_version;
    std::uint64_t ring_id;
    std::uint64_t session_id;
    std::uint64_t capacity;
    std::uint64_t index_offset;
    std::uint64_t data_offset;
    std::uint64_t history;
    std::uint32_t retain;
    std::uint32_t when_full;
    char topic[kNameBytes];
    char type[kNameBytes];
    std::uint64_t lineage;
    std::uint64_t numbered_before;
    std::uint64_t carried;
    alignas(1024) std::atomic<std::uint64_t> reserve;
    alignas(kLine) std::atomic<std::uint64_t> tail;
    std::atomic<std::uint64_t> sequence;
    alignas(kLine) std::atomic<std::uint64_t> limit;
    std::atomic<std::uint32_t> fenced;
    alignas(kLine) std::atomic<std::uint64_t> dropped;
    std::atomic<std::uint64_t> waited_ns;
    std::atomic<std::uint64_t> held_by;
    std::atomic<std::uint64_t> left;
};

constexpr std::size_t align_up(std::size_t value, std::size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

/// Bytes of an arena that a ring of this capacity takes: head page, index, records.
constexpr std::size_t ring_extent_bytes(std::size_t capacity) {
    return kPage + align_up(capacity / kBlock * sizeof(IndexEntry), kPage) + capacity;
}

}  // namespace bus::shm
