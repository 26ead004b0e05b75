// Where a reader begins: at the tail, some messages before it, at a sequence, at a position; and how a reliable reader joins a ring that
// is being written at full speed (docs/models.md, join).
//
// All of these look at a ring that moves. Each tries a bounded number of times; a place that was overwritten before the reader got there
// is no error: the reader goes on at the oldest message and counts.
#pragma once

#include "shm/cursor_layout.hpp"
#include "shm/ring_view.hpp"

namespace bus::shm {

/// The first record the index knows at or behind `from`; the tail where there is none below it.
RingPlace first_indexed(RingView const& ring, std::uint64_t from, std::uint64_t tail) noexcept;

/// The oldest message that can still be read.
RingPlace place_of_oldest(RingView const& ring) noexcept;

/// Behind the last committed message. Its sequence is 0 where the publisher was too fast to tell.
RingPlace place_of_tail(RingView const& ring) noexcept;

/// The last `messages` messages (fewer where the ring does not hold so many). 0: the tail.
RingPlace place_of_history(RingView const& ring, std::uint64_t messages) noexcept;

/// The message with this sequence; the oldest where it has gone (the reader then starts with another sequence: compare);
/// the tail where it is still to come.
RingPlace place_of_sequence(RingView const& ring, std::uint64_t sequence) noexcept;

/// Where another reader stood: `position` if a record begins there, else the first record known behind it.
RingPlace place_of_position(RingView const& ring, std::uint64_t position) noexcept;

/// Makes `cursor` count in a ring that was there before the reader, and returns where to start: at `wanted`, or where the publisher
/// can no longer be held back from, behind it. From then on the publisher overwrites nothing at or behind that place.
/// To be called when the member stands in the directory and the ring's member epoch has been raised.
RingPlace join_reliably(RingView const& ring, Cursor& cursor, RingPlace wanted) noexcept;

}  // namespace bus::shm
