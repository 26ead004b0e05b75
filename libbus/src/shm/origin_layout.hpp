// Layout of a record's extension, version 1: who sent the message first, where a bridge or a player publishes it.
//
//   offset  bytes  field        meaning
//        0      8  publisher    its id on its own bus
//        8      8  sequence     of that publisher
//       16      8  sent_ns      wall clock, ns since 1970; 0: not known
//       24      4  host_bytes   of the host's name
//       28      4  reserved     zero
//       32         host         not terminated; zero up to the next multiple of 64, which keeps the payload's alignment
#pragma once

#include "shm/ring_layout.hpp"

namespace bus::shm {

inline constexpr std::size_t kOriginAlign = 64;
inline constexpr std::size_t kMaxHostBytes = 255;

struct RecordOrigin {
    std::uint64_t publisher;
    std::uint64_t sequence;
    std::int64_t sent_ns;
    std::uint32_t host_bytes;
    std::uint32_t reserved;
};
static_assert(sizeof(RecordOrigin) == 32);

/// In front of that (or alone) in a record of a kept ring (RingEntry::kept): whose message it was, and its number there.
struct KeptRecord {
    std::uint64_t publisher;
    std::uint64_t sequence;
    std::uint64_t reserved[6];
};
static_assert(sizeof(KeptRecord) == kOriginAlign);

constexpr std::size_t origin_bytes(std::size_t host_bytes) { return align_up(sizeof(RecordOrigin) + host_bytes, kOriginAlign); }

}  // namespace bus::shm
