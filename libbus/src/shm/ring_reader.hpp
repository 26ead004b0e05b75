// A subscriber's side of a ring: best-effort (copies, may be overrun, counts exactly) or reliable (may read in place, is waited for).
//
// Threads:  one at a time for each reader; any number of readers, in any process, on read-only mappings.
// Trust:    nothing in the ring is believed: a head is loaded once, its kind, length and place are checked against the capacity checked at
//           open, and a copy counts only if the publisher had not claimed its bytes when it was done. Each call does a bounded number
//           of steps whatever the bytes are.
//           Nor is the place: a reader that busd has fenced off, and that has not looked yet, may find another ring there. What it
//           copies counts only while the ring's id is the one it was opened with; else nothing comes any more.
// Counting: each message carries its sequence; lost_before is the difference to the one expected. Where a reader was overrun or met
//           rubbish it goes on elsewhere, and the next message tells exactly how many it missed.
// Crash:    a reader writes nothing but its own cursor; position and counters there are behind by what it had not told yet.
#pragma once

#include <algorithm>
#include <bus/error.hpp>
#include <span>
#include <string>

#include "shm/cursor_layout.hpp"
#include "shm/directory_layout.hpp"
#include "shm/ring_start.hpp"
#include "shm/ring_view.hpp"

namespace bus::shm {

/// One message as it was found. `payload` and `extension` lie where next() was told to copy, or in the ring (next_in_place).
struct Record {
    std::uint64_t sequence = 0;
    std::uint64_t lost_before = 0;  // messages between the one delivered before and this one
    Stamps stamps;
    std::span<std::byte const> payload;
    std::span<std::byte const> extension;
    std::uint64_t begin = 0;  // position of its head
    std::uint64_t end = 0;    // position behind it: what to give to release()
};

template <class Memory = DefaultMemory>
class RingReader {
public:
    RingReader() noexcept = default;
    /// `cursor` in our own cursor segment; null: a reader that tells nobody where it stands. Starts at the ring's very beginning.
    /// ReaderKind::reliable is for readers that are waited for: they are checked against the ring's limit, which hardly ever changes,
    /// instead of `reserve`; where they were given up nevertheless they are overrun like anybody.
    RingReader(RingView ring, ReaderKind kind, Cursor* cursor) noexcept
        : ring_(ring), mask_(ring.capacity - 1), cursor_(cursor), reliable_(kind == ReaderKind::reliable) {}

    /// Goes on at `place` (ring_start.hpp finds one). What lies between was neither read nor lost. Where its sequence was set to one that
    /// lies there no more, what is missing counts as overwritten.
    void start_at(RingPlace place, bool overwritten = false) noexcept;

    /// The ring's messages up to that number are no news, and no loss: its reader had them elsewhere, or does not want them.
    void pass_over(std::uint64_t sequence) noexcept { passed_over_ = std::min(sequence, kLastNumber); }
    std::uint64_t passed_over() const noexcept { return passed_over_; }
    /// Of the `lost_before` messages before `sequence`, just taken, those to be passed over are not lost, and counted no more. Where that
    /// message itself is none of them, nothing is passed over from here on. Returns: how many. Numbers, not the record, which else would
    /// have to lie in memory whatever happens.
    [[gnu::cold, gnu::noinline]] std::uint64_t uncount_passed_over(std::uint64_t sequence, std::uint64_t lost_before) noexcept;

    enum class Outcome { message, nothing, rubbish };

    /// Copies the next message. `room(bytes)` gives where (std::byte*, at least so many bytes); it is asked anew if the message was
    /// overwritten meanwhile and the reader went on elsewhere. Extension first, payload behind it.
    /// Returns: message: `record` tells; nothing new; rubbish in the ring (rubbish_error() says what): the reader has gone on to its tail,
    ///          the next call works.
    template <class Room>
    Outcome take(Room&& room, Record& record);
    Error rubbish_error() const;

    /// take() as a Result. Errors: would_block (bare code): nothing new; invalid: rubbish.
    template <class Room>
    Result<Record> next(Room&& room) {
        Record record;
        return result(take(std::forward<Room>(room), record), record);
    }

    /// The next message where it lies. Only for readers that are waited for, and only to parse what one trusts not to change under
    /// one's hands. The spans stay good until release() of its end; messages may be held while later ones are fetched.
    /// Errors: as next().
    Result<Record> next_in_place();

    /// Gives up everything below `end`: the publisher may overwrite it. Ends may come in any order, only the largest counts:
    /// who holds several messages releases the oldest last.
    void release(std::uint64_t end) noexcept;

    /// Whether there may be something to read, by one load of `tail`.
    bool has_news() const noexcept { return ring_.head->tail.load(std::memory_order_acquire) > position_; }

    /// After a look that found nothing: fetches the two lines the next message will begin in. Whoever polls has them under way when the
    /// tail moves, instead of asking for them only then: one transfer between the two CPUs, not one after the other.
    void prefetch_next() const noexcept {
        __builtin_prefetch(ring_.data + (position_ & mask_));
        __builtin_prefetch(ring_.data + ((position_ + 64) & mask_));
    }

    /// From here on its owner stores the cursor's position (HeldRoom): tell() tells the counts alone.
    void leave_position() noexcept { tells_position_ = false; }

    /// Tells the cursor how far copying has come (next() does so itself every eighth of the ring and when it finds nothing new).
    void tell() noexcept;

    /// Messages that the publisher gave up (WhenFull::drop) behind the last one there is, when all there is was read: not in lost() yet,
    /// the next message tells them too.
    std::uint64_t dropped_behind() const noexcept {
        // Never ahead of the tail loaded after it (partner: RingWriter::flush, drop): what has a number up to it was read, or is nowhere.
        std::uint64_t const sequence = ring_.head->sequence.load(std::memory_order_acquire);
        std::uint64_t const next = std::max(expected_, passed_over_ + 1);
        if (expected_ == 0 || sequence < next || load_tail(ring_) > position_) return 0;
        return is_replaced() ? 0 : sequence - next + 1;
    }

    std::uint64_t position() const noexcept { return position_; }
    std::uint64_t expected_sequence() const noexcept { return expected_; }  // 0: not known yet
    std::uint64_t lost() const noexcept { return lost_; }                   // delivered or pending in the next lost_before
    std::uint64_t overrun() const noexcept { return overrun_; }             // of these: overwritten before it read them
    std::uint64_t missed() const noexcept { return missed_; }               // of these: gone before it came. The others were given up
    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t rubbish() const noexcept { return rubbish_; }  // how often the ring made no sense
    RingView const& ring() const noexcept { return ring_; }

private:
    static constexpr std::uint64_t kEnd = ~std::uint64_t{kRecordAlign - 1};  // where no tail ever comes
    static constexpr std::uint64_t kLastNumber = ~std::uint64_t{0} >> 1;
    static constexpr int kPaddingsInARow = 3;  // a writer makes two: end of the area, alignment
    static constexpr int kOverruns = 8;        // per call; each goes on further ahead, the last at the tail

    enum class Found { message, nothing, overrun, rubbish };
    struct Message {
        RecordHead head;
        std::uint64_t position, bytes;
    };

    bool is_replaced() const noexcept { return load_word(&ring_.head->ring_id) != ring_.ring_id; }
    Found find(Message& message) noexcept;
    bool is_still_there(std::uint64_t position) const noexcept;
    void recover(int attempt) noexcept;
    Outcome skip_rubbish() noexcept;
    void tell_counts(std::uint64_t dropped) noexcept;
    void deliver(Message const& message, std::byte const* bytes, Record& record) noexcept;
    Result<Record> result(Outcome outcome, Record const& record) const;

    RingView ring_;
    std::uint64_t mask_ = 0;
    Cursor* cursor_ = nullptr;
    std::uint64_t position_ = 0;   // of the next record
    std::uint64_t seen_tail_ = 0;  // as loaded last
    std::uint64_t expected_ = 1;   // sequence of the next message; 0: whatever comes
    std::uint64_t passed_over_ = 0;
    std::uint64_t told_ = 0;  // as stored in the cursor
    std::uint64_t told_dropped_ = 0;
    std::uint64_t received_ = 0, lost_ = 0, overrun_ = 0, missed_ = 0, rubbish_ = 0;
    std::uint64_t rubbish_at_ = 0;  // where it was met last
    bool reliable_ = false;
    bool was_overrun_ = false;  // since the last message
    bool came_late_ = false;    // and has had no message yet
    bool tells_position_ = true;
};

template <class Memory>
void RingReader<Memory>::start_at(RingPlace place, bool overwritten) noexcept {
    position_ = seen_tail_ = place.position & ~std::uint64_t{kRecordAlign - 1};
    expected_ = place.sequence;
    told_ = position_;
    came_late_ = overwritten;
}

template <class Memory>
bool RingReader<Memory>::is_still_there(std::uint64_t position) const noexcept {
    Memory::acquire_fence();  // partner: the fence in RingWriter::refresh_limit; for the id, that in claim, before another ring's records
    // First: in another ring no other word means what it did.
    if (is_replaced()) [[unlikely]]
        return false;
    if (reliable_) {
        std::uint64_t const limit = ring_.head->limit.load(std::memory_order_relaxed);
        if (limit <= ring_.capacity || limit - ring_.capacity <= position) [[likely]]
            return true;
    }  // else somebody joins (a limit is announced before it is agreed), or we are no longer waited for
    return still_there<Memory>(ring_, position);
}

template <class Memory>
auto RingReader<Memory>::find(Message& message) noexcept -> Found {
    for (int padding = 0; padding <= kPaddingsInARow; ++padding) {
        if (position_ >= seen_tail_) {
            seen_tail_ = load_tail(ring_);
            if (position_ >= seen_tail_) return Found::nothing;
        }
        if (seen_tail_ - position_ > ring_.capacity) return Found::overrun;
        RecordHead const head = load_head(ring_.data + (position_ & mask_));
        std::uint64_t const bytes = checked_record_bytes(head, position_, ring_.capacity);
        if (bytes == 0 || bytes > seen_tail_ - position_ || head.sequence == 0 || head.sequence < expected_) [[unlikely]]
            return is_still_there(position_) ? Found::rubbish : Found::overrun;
        if (head.kind == RecordKind::message) {
            message = {head, position_, bytes};
            return Found::message;
        }
        if (!is_still_there(position_)) return Found::overrun;
        position_ += bytes;
    }
    return Found::rubbish;
}

template <class Memory>
template <class Room>
auto RingReader<Memory>::take(Room&& room, Record& record) -> Outcome {
    Message message;
    for (int attempt = 0; attempt < kOverruns; ++attempt) {
        Found const found = find(message);
        if (found == Found::nothing) {
            tell();
            return Outcome::nothing;
        }
        if (found == Found::rubbish) return skip_rubbish();
        if (found == Found::message) {
            std::size_t const bytes = std::size_t{message.head.extension_bytes} + message.head.bytes;
            std::byte* const to = room(bytes);
            if (bytes != 0) Memory::copy_out(to, ring_.data + (message.position & mask_) + sizeof(RecordHead), bytes);
            if (is_still_there(message.position)) [[likely]] {
                deliver(message, to, record);
                if (position_ - told_ > ring_.capacity / 8) tell();
                return Outcome::message;
            }
        }
        recover(attempt);
    }
    return Outcome::nothing;
}

template <class Memory>
Result<Record> RingReader<Memory>::result(Outcome outcome, Record const& record) const {
    if (outcome == Outcome::message) return record;
    if (outcome == Outcome::nothing) return Errc::would_block;
    return rubbish_error();
}

template <class Memory>
Result<Record> RingReader<Memory>::next_in_place() {
    Message message;
    for (int attempt = 0; attempt < kOverruns; ++attempt) {
        Found const found = find(message);
        if (found == Found::nothing) return Errc::would_block;
        if (found == Found::rubbish) return result(skip_rubbish(), {});
        if (found == Found::message && is_still_there(message.position)) [[likely]] {
            Record record;
            deliver(message, ring_.data + (message.position & mask_) + sizeof(RecordHead), record);
            return record;
        }
        recover(attempt);
    }
    return Errc::would_block;
}

template <class Memory>
void RingReader<Memory>::deliver(Message const& message, std::byte const* bytes, Record& record) noexcept {
    RecordHead const& head = message.head;
    std::uint64_t const lost = expected_ == 0 ? 0 : head.sequence - expected_;
    lost_ += lost;
    if (was_overrun_ || came_late_) [[unlikely]] {
        (came_late_ ? missed_ : overrun_) += lost;
        was_overrun_ = came_late_ = false;
    }
    ++received_;
    expected_ = head.sequence + 1;
    position_ = message.position + message.bytes;
    record.sequence = head.sequence;
    record.lost_before = lost;
    record.stamps = {head.sent_steady_ns, head.sent_wall_ns};
    record.payload = {bytes + head.extension_bytes, head.bytes};
    record.extension = {bytes, head.extension_bytes};
    record.begin = message.position;
    record.end = position_;
}

// Goes on at the first record the index knows behind what is being overwritten; the more often in one call, the further ahead,
// so that a fast publisher can't keep us running behind it.
template <class Memory>
void RingReader<Memory>::recover(int attempt) noexcept {
    if (is_replaced()) {
        cursor_ = nullptr;
        position_ = seen_tail_ = kEnd;
        return;
    }
    std::uint64_t const tail = load_tail(ring_);
    std::uint64_t const skipped = ring_.capacity / kOverruns * static_cast<std::uint64_t>(attempt);
    RingPlace const place = first_indexed(ring_, oldest_position(ring_) + skipped, tail);
    position_ = std::max(position_, place.position);
    seen_tail_ = std::max(position_, tail);
    was_overrun_ = true;
}

template <class Memory>
auto RingReader<Memory>::skip_rubbish() noexcept -> Outcome {
    rubbish_at_ = position_;
    position_ = seen_tail_ = std::max(position_, load_tail(ring_));
    ++rubbish_;
    tell();
    return Outcome::rubbish;
}

template <class Memory>
Error RingReader<Memory>::rubbish_error() const {
    return {Errc::invalid, "ring " + std::to_string(ring_.ring_id) + " holds no valid record at position " + std::to_string(rubbish_at_) +
                               " (capacity " + std::to_string(ring_.capacity) + "); skipped to " + std::to_string(position_)};
}

template <class Memory>
void RingReader<Memory>::release(std::uint64_t end) noexcept {
    if (end <= told_ || end > position_) return;
    told_ = end;
    if (cursor_ == nullptr) return;
    tell_counts(0);
    if (tells_position_)
        cursor_->position.store(end, std::memory_order_release);  // we are done with those bytes. Partner: position_of, in the publisher
}

template <class Memory>
void RingReader<Memory>::tell_counts(std::uint64_t dropped) noexcept {
    told_dropped_ = dropped;
    cursor_->sequence.store(expected_ == 0 ? 0 : expected_ - 1 + dropped, std::memory_order_relaxed);
    cursor_->received.store(received_, std::memory_order_relaxed);
    cursor_->lost.store(lost_ + dropped, std::memory_order_relaxed);
}

template <class Memory>
std::uint64_t RingReader<Memory>::uncount_passed_over(std::uint64_t sequence, std::uint64_t lost_before) noexcept {
    std::uint64_t const next = passed_over_ + 1;
    std::uint64_t const count = std::min(next, sequence) - std::min(next, sequence - lost_before);
    lost_ -= count;
    std::uint64_t const missed = std::min(count, missed_);
    missed_ -= missed;
    overrun_ -= std::min(count - missed, overrun_);
    if (sequence > passed_over_) passed_over_ = 0;
    return count;
}

template <class Memory>
void RingReader<Memory>::tell() noexcept {
    release(position_);
    if (cursor_ == nullptr) return;
    if (std::uint64_t const dropped = dropped_behind(); dropped != told_dropped_) [[unlikely]]
        tell_counts(dropped);
}

}  // namespace bus::shm
