// The publisher's side of a ring: claim room, write in place, commit by one store. No lock, no CAS, no system call, no allocation.
//
// Threads:    one at a time (the Publisher serialises). Readers are other processes.
// Invariants: tail <= reserve <= limit; all three only grow. What readers may see is below `tail`; what lies below reserve - capacity may
//             be overwritten at any time; nobody who is waited for stands below limit - capacity.
// Crash:      at any line between reserve and flush leaves `tail` where it was: what was written behind it is nobody's. In flush, between
//             its two stores: the message is there, and `sequence` one commit behind, which readers don't rely on. Index entries
//             may name records that were never committed: readers ignore entries at or behind `tail`. A ring is never written again by
//             anybody else, so nothing has to be repaired.
// Private copies: position, sequence, limit and claim are kept here, never read back: a ring that a stray write damaged can't lead us
// astray.
#pragma once

#include <algorithm>
#include <bus/error.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shm/ring_view.hpp"

namespace bus::shm {

template <class Memory = DefaultMemory>
class RingWriter {
public:
    RingWriter() noexcept = default;
    /// Takes over a freshly formatted ring: nothing was written to it yet. Its first limit is its capacity until refresh_limit().
    explicit RingWriter(WritableRing ring) noexcept
        : ring_(ring),
          mask_(ring.capacity - 1),
          longest_(max_payload_bytes(ring.capacity)),
          ahead_(ring.capacity == kBlock ? 0 : std::min<std::uint64_t>(ring.capacity / 16, kBlock)),
          limit_(ring.head->limit.load(std::memory_order_relaxed)),
          fenced_(ring.head->fenced.load(std::memory_order_relaxed) != 0) {}

    // ---- one message: reserve, fill, commit (or cancel) --------------------------------------------------------------------

    /// Claims room behind what was appended last, and gives where the payload goes (behind the extension, if any). A second call before
    /// append() replaces the first. `alignment` of the payload's address: 32, or 64 at the price of at most 32 bytes of padding.
    ///
    /// Returns: null where there is no room: fits() says whether there can ever be; else the limit is in the way: refresh_limit().
    std::byte* try_reserve(std::size_t bytes, std::uint16_t extension_bytes = 0, std::size_t alignment = kRecordAlign) noexcept;

    /// The same as a span. Errors: too_large, with the numbers; would_block (bare code): the limit forbids.
    Result<std::span<std::byte>> reserve(std::size_t bytes, std::uint16_t extension_bytes = 0, std::size_t alignment = kRecordAlign);

    bool fits(std::size_t bytes, std::uint16_t extension_bytes = 0) const noexcept {
        return bytes <= longest_ - std::min<std::uint64_t>(extension_bytes, longest_);
    }
    Error too_large(std::size_t bytes) const;

    /// Where the extension of the reserved record goes: in front of the payload.
    std::byte* extension() noexcept { return payload_ - extension_bytes_; }

    /// Finishes the reserved record with its first `used_bytes` (at most what was reserved) and commits it and all appended before it.
    /// Returns: its sequence. The caller then runs after_commit().
    std::uint64_t commit(std::size_t used_bytes, Stamps stamps = {}) noexcept {
        append(used_bytes, stamps);
        flush();
        return sequence_;
    }

    /// Gives the reservation back. Nothing of it was or will be visible; no sequence number is used up.
    void cancel() noexcept { payload_ = nullptr; }

    /// reserve, copy, commit in one. Returns: the sequence; 0: as try_reserve's null.
    std::uint64_t publish(std::span<std::byte const> payload, Stamps stamps = {}) noexcept {
        std::byte* const to = try_reserve(payload.size());
        if (to == nullptr) [[unlikely]]
            return 0;
        if (!payload.empty()) fill(to, payload);
        return commit(payload.size(), stamps);
    }

    // ---- several messages, one store of `tail` -----------------------------------------------------------------------------

    /// Finishes the reserved record but commits nothing. Returns: the sequence it will have.
    std::uint64_t append(std::size_t used_bytes, Stamps stamps = {}) noexcept;

    /// Commits all that was appended: from here on readers see it.
    void flush() noexcept {
        ring_.head->tail.store(position_, Memory::kCommit);                // release; partner: load_tail, RingReader::has_news
        ring_.head->sequence.store(sequence_, std::memory_order_release);  // never ahead of `tail`; partner: RingReader::dropped_behind
        tail_ = position_;
        appended_ = 0;
    }

    /// Forgets what was appended since the last commit and the reservation: nothing of it was visible, its numbers are used again.
    /// Index entries that name it lie behind `tail`, where readers ignore them, and are written anew.
    void rollback() noexcept {
        payload_ = nullptr;
        position_ = tail_;
        sequence_ -= std::exchange(appended_, 0);
        block_ = ~std::uint64_t{0};
    }

    /// Uses up one sequence number for a message that is given up (WhenFull::drop): readers count it as lost by the publisher.
    /// Nothing is appended meanwhile.
    void drop() noexcept {
        ++sequence_;
        ring_.head->dropped.store(++dropped_, std::memory_order_relaxed);
        ring_.head->sequence.store(sequence_, std::memory_order_release);  // as in flush()
    }

    // ---- between commit and a look at the attention counters ---------------------------------------------------------------

    /// Orders the commit before the caller's loads of member epoch and attention counters, where the ring is fenced.
    void after_commit() noexcept {
        if (fenced_) Memory::full_fence();
    }
    bool fenced() const noexcept { return fenced_; }
    /// Hot publishers, registered for membarrier, say false: sleepers then fence for them. Stored, then fenced, before it takes effect.
    void set_fenced(bool fenced) noexcept {
        if (fenced) fenced_ = true;                                           // fences at once; told afterwards
        ring_.head->fenced.store(fenced ? 1 : 0, std::memory_order_release);  // a sleeper that reads 1 sees the last unfenced commit too
        Memory::full_fence();
        fenced_ = fenced;
    }

    // ---- flow control ------------------------------------------------------------------------------------------------------

    /// Asks for the members' floor and raises the limit to floor + capacity. `floor_of(tail)` returns the least position of the readers
    /// that are waited for, the given tail where there are none. It is called twice: the new limit is told to joiners first, then used if
    /// nobody has joined below it meanwhile. (docs/models.md, join)
    /// Returns: whether the limit grew.
    template <class FloorOf>
    bool refresh_limit(FloorOf&& floor_of);

    std::uint64_t tail() const noexcept { return tail_; }
    std::uint64_t limit() const noexcept { return limit_; }
    std::uint64_t sequence() const noexcept { return sequence_; }  // of the last message appended or dropped
    std::uint64_t dropped() const noexcept { return dropped_; }
    WritableRing const& ring() const noexcept { return ring_; }

    /// For the tools: how long it waited for reliable readers so far, and whose session it waits for now (0: nobody).
    /// Nothing comes any more. Release: who sees it sees all that was committed. Where busd gave the place to another ring: nothing.
    void say_left() noexcept {
        if (ring_.head->ring_id == ring_.ring_id) ring_.head->left.store(1, std::memory_order_release);
    }
    void tell_waiting(std::uint64_t waited_ns, std::uint64_t held_by) noexcept {
        ring_.head->waited_ns.store(waited_ns, std::memory_order_relaxed);
        ring_.head->held_by.store(held_by, std::memory_order_relaxed);
    }

private:
    bool claim(std::uint64_t end) noexcept;
    void note_block(std::uint64_t position, std::uint64_t sequence) noexcept;
    void append_padding(std::uint64_t bytes) noexcept;
    void fill(std::byte* to, std::span<std::byte const> payload) noexcept;

    WritableRing ring_;
    std::uint64_t mask_ = 0;
    std::uint64_t longest_ = 0;   // payload and extension
    std::uint64_t ahead_ = 0;     // claimed at once: spares readers and us most of the traffic on `reserve`
    std::uint64_t position_ = 0;  // end of what was appended
    std::uint64_t tail_ = 0;      // end of what was committed
    std::uint64_t claimed_ = 0;   // as stored in `reserve`
    std::uint64_t limit_ = 0;     // as stored in `limit`
    std::uint64_t sequence_ = 0;
    std::uint64_t appended_ = 0;               // messages since the last commit
    std::uint64_t block_ = ~std::uint64_t{0};  // that the last record began in
    std::uint64_t dropped_ = 0;
    std::byte* payload_ = nullptr;  // of the reserved record; null: nothing reserved
    std::uint64_t start_ = 0;       // of the reserved record
    std::uint64_t room_bytes_ = 0;  // reserved for its payload
    std::uint16_t extension_bytes_ = 0;
    bool fenced_ = true;
    std::vector<std::byte> buffer_;  // where Memory does not write in place
};

template <class Memory>
std::byte* RingWriter<Memory>::try_reserve(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) noexcept {
    payload_ = nullptr;
    if (!fits(bytes, extension_bytes)) [[unlikely]]
        return nullptr;
    std::uint64_t const record = record_bytes(bytes, extension_bytes);
    auto const shift = [&](std::uint64_t at) { return (at + sizeof(RecordHead) + extension_bytes) & (alignment - 1); };
    std::uint64_t start = position_ + shift(position_);  // 0 or kRecordAlign: a padding that is a head alone
    if (std::uint64_t const rest = ring_.capacity - (position_ & mask_); start - position_ + record > rest) [[unlikely]] {
        start = position_ + rest;
        start += shift(start);
    }
    if (start + record > claimed_ && !claim(start + record)) [[unlikely]]
        return nullptr;
    start_ = start;
    room_bytes_ = bytes;
    extension_bytes_ = extension_bytes;
    payload_ = ring_.data + (start & mask_) + sizeof(RecordHead) + extension_bytes;
    if constexpr (!Memory::kInPlace) {
        buffer_.resize(std::size_t{extension_bytes} + bytes + 2 * kLine);
        auto const place = reinterpret_cast<std::uintptr_t>(buffer_.data()) + extension_bytes;
        payload_ = buffer_.data() + extension_bytes + (align_up(place, kLine) - place);
    }
    return payload_;
}

template <class Memory>
Result<std::span<std::byte>> RingWriter<Memory>::reserve(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
    if (std::byte* const to = try_reserve(bytes, extension_bytes, alignment)) return std::span(to, bytes);
    if (fits(bytes, extension_bytes)) return Errc::would_block;
    return too_large(bytes);
}

template <class Memory>
Error RingWriter<Memory>::too_large(std::size_t bytes) const {
    return {Errc::too_large,
            "a message of " + std::to_string(bytes) + " bytes does not fit into a ring of " + std::to_string(ring_.capacity) +
                " bytes: at most " + std::to_string(max_payload_bytes(ring_.capacity)),
            "make the publisher with a larger ring_bytes"};
}

// `reserve` runs ahead of what is written, never past the limit. The fence keeps every later write to the records behind its store:
// a reader that copied a byte of them and fences sees it. Partner: RingReader::still_there.
template <class Memory>
bool RingWriter<Memory>::claim(std::uint64_t end) noexcept {
    if (end > limit_) return false;
    claimed_ = std::min(limit_, std::max(end, position_ + ahead_));
    ring_.head->reserve.store(claimed_, std::memory_order_relaxed);
    Memory::release_fence();
    return true;
}

// The entry says ~0 while it changes, so that a reader never pairs an old sequence with a new position. Partner: load_index.
template <class Memory>
void RingWriter<Memory>::note_block(std::uint64_t position, std::uint64_t sequence) noexcept {
    block_ = position / kBlock;
    IndexEntry& entry = ring_.index[block_ & (ring_.capacity / kBlock - 1)];
    entry.position.store(~std::uint64_t{0}, std::memory_order_relaxed);
    Memory::release_fence();
    entry.sequence.store(sequence, std::memory_order_relaxed);
    entry.position.store(position, std::memory_order_release);
}

template <class Memory>
void RingWriter<Memory>::append_padding(std::uint64_t bytes) noexcept {
    if (position_ / kBlock != block_) note_block(position_, sequence_ + 1);
    store_head(ring_.data + (position_ & mask_), {.bytes = static_cast<std::uint32_t>(bytes - sizeof(RecordHead)),
                                                  .kind = RecordKind::padding,
                                                  .extension_bytes = 0,
                                                  .sequence = sequence_ + 1,
                                                  .sent_steady_ns = 0,
                                                  .sent_wall_ns = 0});
    position_ += bytes;
}

template <class Memory>
std::uint64_t RingWriter<Memory>::append(std::size_t used_bytes, Stamps stamps) noexcept {
    if (position_ != start_) [[unlikely]] {  // up to the end of the area, then up to the alignment
        std::uint64_t const rest = ring_.capacity - (position_ & mask_);
        if (start_ - position_ > rest) append_padding(rest);
        append_padding(start_ - position_);
    }
    if (start_ / kBlock != block_) note_block(start_, sequence_ + 1);
    std::byte* const at = ring_.data + (start_ & mask_);
    used_bytes = std::min<std::size_t>(used_bytes, room_bytes_);
    if constexpr (!Memory::kInPlace) Memory::copy_in(at + sizeof(RecordHead), extension(), extension_bytes_ + used_bytes);
    store_head(at, {.bytes = static_cast<std::uint32_t>(used_bytes),
                    .kind = RecordKind::message,
                    .extension_bytes = extension_bytes_,
                    .sequence = ++sequence_,
                    .sent_steady_ns = stamps.steady_ns,
                    .sent_wall_ns = stamps.wall_ns});
    position_ = start_ + record_bytes(used_bytes, extension_bytes_);
    payload_ = nullptr;
    ++appended_;
    return sequence_;
}

template <class Memory>
void RingWriter<Memory>::fill(std::byte* to, std::span<std::byte const> payload) noexcept {
    if constexpr (Memory::kInPlace)
        Memory::copy_in(to, payload.data(), payload.size());
    else
        std::memcpy(to, payload.data(), payload.size());
}

template <class Memory>
template <class FloorOf>
bool RingWriter<Memory>::refresh_limit(FloorOf&& floor_of) {
    Memory::full_fence();
    auto const looked = [&] {
        return std::min<std::uint64_t>(floor_of(tail_), tail_) + ring_.capacity;
    };  // a cursor beyond our tail holds nobody up
    std::uint64_t const announced = looked();
    if (announced <= limit_) return false;
    ring_.head->limit.store(announced, std::memory_order_release);
    Memory::full_fence();  // partner: join_reliably, between its pin and its look at the limit: we see the pin, or it sees the limit
    std::uint64_t const agreed = std::min(announced, looked());
    if (agreed != announced) ring_.head->limit.store(std::max(limit_, agreed), std::memory_order_relaxed);
    if (agreed <= limit_) return false;
    limit_ = agreed;
    return true;
}

}  // namespace bus::shm
