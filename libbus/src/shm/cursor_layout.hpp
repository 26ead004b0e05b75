// Layout of a session's cursor segment and of a uid's attention segment, version 1. Drawing: docs/shared-memory.md#cursors
//
// The cursor segment is written by its client alone (owner: its uid, 0644) and read by publishers, busd and the tools:
//        0     64  SegmentHead
//       64      4  waiters        number of Waiter entries (busd)
//       68      4  cursors        number of Cursor entries (busd)
//      128         Waiter[waiters], then Cursor[cursors]; one cache line each
//
// The attention segment is written by all clients of one uid (owner: that uid, 0644):
//        0     64  SegmentHead
//       64         AttentionCounter[kAttentionCounters], one cache line each
#pragma once

#include "shm/segment_layout.hpp"

namespace bus::shm {

inline constexpr std::uint32_t kWaitersPerSession = 32;  // threads of one connection that can sleep at once
inline constexpr std::uint32_t kAttentionCounters = 64;  // by topic: attention_of(topic_index)

enum class BellKind : std::uint32_t { none = 0, semaphore = 1, fifo = 2 };

/// One sleeping place of a session. Only its client writes it, and only one thread at a time owns a place.
struct alignas(kLine) Waiter {
    std::atomic<std::uint64_t> sleep_epoch;  // odd: asleep; grows by one at falling asleep and by one at waking
    std::atomic<std::uint64_t> topics;       // bit attention_of(topic) set: wants to be rung for it; all ones: for anything
    std::atomic<BellKind> bell;              // semaphore: number bell_base + index of this place; fifo: the session's
};

inline constexpr std::uint64_t kClosed = ~std::uint64_t{0};  // position of a cursor that is read no more: holds nobody up

/// Where one reader stands in one ring. Only the reader's client writes it; busd decides who uses which.
struct alignas(kLine) Cursor {
    std::atomic<std::uint64_t>
        ring_id;  // whose cursor it is; 0: not attached. Stored (release) after position, stays when the cursor is closed
    std::atomic<std::uint64_t> position;  // all below has been read, or given up; kClosed: it counts no more
    std::atomic<std::uint64_t> sequence;  // of the last message delivered
    std::atomic<std::uint64_t> received;  // messages delivered
    std::atomic<std::uint64_t> lost;      // messages overwritten before they were read, exact
};

struct CursorSegment {
    SegmentHead head;
    std::uint32_t waiter_count;
    std::uint32_t cursor_count;
    alignas(2 * kLine) Waiter waiters[kWaitersPerSession];
    // Cursor cursors[cursor_count] follows at kCursorsOffset
};

struct alignas(kLine) AttentionCounter {
    std::atomic<std::uint64_t> count;  // raised by a reader that is about to sleep; never lowered
};

struct AttentionSegment {
    SegmentHead head;
    AttentionCounter counters[kAttentionCounters];
};

inline constexpr std::size_t kCursorsOffset = sizeof(CursorSegment);

constexpr std::uint32_t attention_of(std::uint32_t topic_index) { return topic_index % kAttentionCounters; }

}  // namespace bus::shm
