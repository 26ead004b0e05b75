// The head every shared segment of the bus begins with, layout version 1. Drawing and life cycle: docs/shared-memory.md#segment
//
//   offset  bytes  field           meaning
//        0      8  magic_version   kSegmentMagic | kLayoutVersion; 0 until all the rest is valid: whoever makes the segment stores it last
//        8     16  cookie          random; the directory or the registry says which one to expect
//       24      4  kind            SegmentKind
//       28      4  owner_uid       who may write it, besides the broker's user
//       32      8  bytes           of the whole segment
//       40      8  generation      of the broker that made it
//       48      8  object          cursors: session id; attention: uid; arena: session id; others 0
//       56      8  reserved        zero
//
// Written once by busd, before anybody else can know the segment.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bus::shm {

inline constexpr std::size_t kLine = 64;  // part of the layout, hence never std::hardware_destructive_interference_size
inline constexpr std::size_t kPage = 4096;

inline constexpr std::uint32_t kLayoutVersion = 1;                     // one number for all layouts: a reader refuses what it does not know
inline constexpr std::uint64_t kSegmentMagic = 0x4255'5345'0000'0000;  // "BUSE", version in the low half

using Cookie = std::array<std::uint64_t, 2>;

enum class SegmentKind : std::uint32_t { none = 0, directory = 1, arena = 2, cursors = 3, attention = 4, schemas = 5 };

struct SegmentHead {
    std::atomic<std::uint64_t> magic_version;
    Cookie cookie;
    SegmentKind kind;
    std::uint32_t owner_uid;
    std::uint64_t bytes;
    std::uint64_t generation;
    std::uint64_t object;
    std::uint64_t reserved;
};

/// How to find and to check one kernel object: ids recur, so the key (queues and sets) or the cookie (segments) must agree too.
struct ObjectRef {
    std::int32_t id;
    std::int32_t key;
    Cookie cookie;  // zero for queues and sets
};

}  // namespace bus::shm
