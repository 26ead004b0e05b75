// Views of a cursor segment: the client's own (writable) and everybody else's.
//
// Threads: each cursor and each waiter has one owner at a time; views are values.
// Trust:   counts and offsets are checked when the view is made and never read again.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <optional>
#include <span>

#include "shm/cursor_layout.hpp"

namespace bus::shm {

constexpr std::size_t cursor_segment_bytes(std::uint32_t cursors) noexcept { return kCursorsOffset + cursors * sizeof(Cursor); }

/// Lays out a cursor segment behind its SegmentHead (busd; the segment is zero as the kernel made it).
void format_cursors(std::span<std::byte> segment, std::uint32_t cursors) noexcept;

/// What others see of a session's cursors and sleepers.
class CursorsView {
public:
    CursorsView() noexcept = default;
    /// Errors: invalid: the segment is too short for what it says it holds.
    static Result<CursorsView> open(std::span<std::byte const> segment);
    std::uint32_t cursor_count() const noexcept { return cursors_; }
    std::uint32_t waiter_count() const noexcept { return segment_ == nullptr ? 0 : kWaitersPerSession; }
    /// Null beyond the end.
    Cursor const* cursor(std::uint32_t index) const noexcept;
    Waiter const* waiter(std::uint32_t index) const noexcept;

private:
    CursorSegment const* segment_ = nullptr;
    std::uint32_t cursors_ = 0;
};

/// Our own. In a segment that nobody else may write.
class OwnCursors {
public:
    OwnCursors() noexcept = default;
    static Result<OwnCursors> open(std::span<std::byte> segment);
    std::uint32_t cursor_count() const noexcept { return cursors_; }
    Cursor* cursor(std::uint32_t index) const noexcept;
    Waiter* waiter(std::uint32_t index) const noexcept;

private:
    CursorSegment* segment_ = nullptr;
    std::uint32_t cursors_ = 0;
};

/// Makes `cursor` stand for a reader of `ring_id` at `position`: position first, then the id. join_reliably() does it itself.
void attach_cursor(Cursor& cursor, std::uint64_t ring_id, std::uint64_t position) noexcept;
/// The reader of `ring_id` reads no more: from now on the cursor holds nobody up, whether busd lives or not. The cursor may not be attached
/// to another ring before busd has unlinked the member.
void close_cursor(Cursor& cursor, std::uint64_t ring_id) noexcept;
/// Where the reader of `ring_id` stands, kClosed where it reads no more; nothing where the cursor does not stand for it (yet).
std::optional<std::uint64_t> position_of(Cursor const& cursor, std::uint64_t ring_id) noexcept;

}  // namespace bus::shm
