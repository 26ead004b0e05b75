// Views of cursor segments, and the three steps of a cursor's life.
#include "shm/cursors.hpp"

#include <string>

#include "shm/memory.hpp"

namespace bus::shm {

namespace {

Result<std::uint32_t> checked_cursors(std::span<std::byte const> segment) {
    if (segment.size() < sizeof(CursorSegment))
        return Error(Errc::invalid, "a cursor segment has at least " + std::to_string(sizeof(CursorSegment)) + " bytes, this one " +
                                        std::to_string(segment.size()));
    auto const& head = *reinterpret_cast<CursorSegment const*>(segment.data());
    std::uint32_t const cursors = head.cursor_count;
    std::size_t const room = (segment.size() - kCursorsOffset) / sizeof(Cursor);
    if (head.waiter_count != kWaitersPerSession || cursors > room)
        return Error(Errc::invalid, "the cursor segment says " + std::to_string(head.waiter_count) + " waiters (must be " +
                                        std::to_string(kWaitersPerSession) + ") and " + std::to_string(cursors) + " cursors (room for " +
                                        std::to_string(room) + ")");
    return cursors;
}

}  // namespace

void format_cursors(std::span<std::byte> segment, std::uint32_t cursors) noexcept {
    auto& head = *reinterpret_cast<CursorSegment*>(segment.data());
    head.waiter_count = kWaitersPerSession;
    head.cursor_count = cursors;
}

Result<CursorsView> CursorsView::open(std::span<std::byte const> segment) {
    auto const cursors = checked_cursors(segment);
    if (!cursors) return cursors.error();
    CursorsView view;
    view.segment_ = reinterpret_cast<CursorSegment const*>(segment.data());
    view.cursors_ = *cursors;
    return view;
}

Cursor const* CursorsView::cursor(std::uint32_t index) const noexcept {
    if (index >= cursors_) return nullptr;
    return reinterpret_cast<Cursor const*>(reinterpret_cast<std::byte const*>(segment_) + kCursorsOffset) + index;
}

Waiter const* CursorsView::waiter(std::uint32_t index) const noexcept {
    return index < kWaitersPerSession && segment_ != nullptr ? &segment_->waiters[index] : nullptr;
}

Result<OwnCursors> OwnCursors::open(std::span<std::byte> segment) {
    auto const cursors = checked_cursors(segment);
    if (!cursors) return cursors.error();
    OwnCursors own;
    own.segment_ = reinterpret_cast<CursorSegment*>(segment.data());
    own.cursors_ = *cursors;
    return own;
}

Cursor* OwnCursors::cursor(std::uint32_t index) const noexcept {
    if (index >= cursors_) return nullptr;
    return reinterpret_cast<Cursor*>(reinterpret_cast<std::byte*>(segment_) + kCursorsOffset) + index;
}

Waiter* OwnCursors::waiter(std::uint32_t index) const noexcept {
    return index < kWaitersPerSession && segment_ != nullptr ? &segment_->waiters[index] : nullptr;
}

// Cleared first, so that a publisher never reads the new position as the old ring's: it looks at the id on both sides of the position.
void attach_cursor(Cursor& cursor, std::uint64_t ring_id, std::uint64_t position) noexcept {
    cursor.ring_id.store(0, std::memory_order_relaxed);
    DefaultMemory::release_fence();  // partner: the acquire fence in position_of
    cursor.position.store(position, std::memory_order_relaxed);
    cursor.sequence.store(0, std::memory_order_relaxed);
    cursor.received.store(0, std::memory_order_relaxed);
    cursor.lost.store(0, std::memory_order_relaxed);
    cursor.ring_id.store(ring_id, std::memory_order_release);  // partner: the first load in position_of
}

void close_cursor(Cursor& cursor, std::uint64_t ring_id) noexcept {
    if (cursor.ring_id.load(std::memory_order_relaxed) == ring_id)
        cursor.position.store(kClosed, std::memory_order_release);
    else
        attach_cursor(cursor, ring_id, kClosed);
}

std::optional<std::uint64_t> position_of(Cursor const& cursor, std::uint64_t ring_id) noexcept {
    if (cursor.ring_id.load(std::memory_order_acquire) != ring_id) return std::nullopt;
    // Acquire: what the reader did with the bytes below comes before our writing over them. Partner: RingReader::release.
    std::uint64_t const position = cursor.position.load(std::memory_order_acquire);
    DefaultMemory::acquire_fence();
    if (cursor.ring_id.load(std::memory_order_relaxed) != ring_id) return std::nullopt;
    return position;
}

}  // namespace bus::shm
