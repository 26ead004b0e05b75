// Finding places in a ring that is being written.
#include "shm/ring_start.hpp"

#include <algorithm>

#include "shm/cursors.hpp"

namespace bus::shm {

namespace {

constexpr int kTries = 16;
constexpr int kRecordsOfABlock = static_cast<int>(kBlock / kRecordAlign);

std::uint64_t blocks_of(RingView const& ring) noexcept { return ring.capacity / kBlock; }

/// Walks record by record from `from` until stop(place of what lies there) says so; nothing where it meets rubbish, or what it walked over
/// was overwritten. A block's index entry names its first record, or, after a rollback, a later one: so the next entry is less than two
/// blocks of records away.
template <class Stop>
std::optional<RingPlace> walk(RingView const& ring, RingPlace from, std::uint64_t tail, Stop&& stop) noexcept {
    RingPlace place = from;
    for (int step = 0; step <= 2 * kRecordsOfABlock + 1; ++step) {
        if (place.position >= tail) return stop(place) && still_there(ring, from.position) ? std::optional(place) : std::nullopt;
        RecordHead const head = load_head(ring.data + (place.position & (ring.capacity - 1)));
        std::uint64_t const bytes = checked_record_bytes(head, place.position, ring.capacity);
        if (bytes == 0 || bytes > tail - place.position || head.sequence < place.sequence) return std::nullopt;
        // Its number is above the one before by more than one where some were given up.
        if (stop({place.position, head.sequence})) return still_there(ring, from.position) ? std::optional(place) : std::nullopt;
        place = {place.position + bytes, head.kind == RecordKind::message ? head.sequence + 1 : head.sequence};
    }
    return std::nullopt;
}

/// The last index entry below `tail` that good(place) accepts, not older than what can still be read.
template <class Good>
std::optional<RingPlace> last_indexed(RingView const& ring, std::uint64_t tail, Good&& good) noexcept {
    if (tail == 0) return std::nullopt;
    std::uint64_t const oldest = oldest_position(ring);
    std::uint64_t block = (tail - 1) / kBlock;
    for (std::uint64_t step = 0; step <= blocks_of(ring) && block >= oldest / kBlock; ++step, --block) {
        auto const place = load_index(ring, block);
        if (place && place->position < tail && place->position >= oldest && good(*place)) return place;
        if (block == 0) break;
    }
    return std::nullopt;
}

}  // namespace

RingPlace first_indexed(RingView const& ring, std::uint64_t from, std::uint64_t tail) noexcept {
    std::uint64_t block = from / kBlock;
    for (std::uint64_t step = 0; step <= blocks_of(ring) && from < tail && block <= (tail - 1) / kBlock; ++step, ++block) {
        auto const place = load_index(ring, block);
        if (place && place->position >= from && place->position < tail) return *place;
    }
    return {tail, 0};
}

RingPlace place_of_oldest(RingView const& ring) noexcept {
    std::uint64_t const oldest = oldest_position(ring);
    if (oldest == 0) return {0, 1};
    return first_indexed(ring, oldest, load_tail(ring));
}

RingPlace place_of_tail(RingView const& ring) noexcept {
    for (int attempt = 0; attempt < kTries; ++attempt) {
        std::uint64_t const tail = load_tail(ring);
        if (tail == 0) return {0, 1};
        auto const from = last_indexed(ring, tail, [](RingPlace const&) { return true; });
        if (!from) continue;
        if (auto const place = walk(ring, *from, tail, [&](RingPlace const& at) { return at.position == tail; })) return *place;
    }
    return {load_tail(ring), 0};
}

RingPlace place_of_history(RingView const& ring, std::uint64_t messages) noexcept {
    RingPlace const tail = place_of_tail(ring);
    if (messages == 0 || tail.sequence <= 1) return tail;
    return place_of_sequence(ring, tail.sequence > messages ? tail.sequence - messages : 1);
}

RingPlace place_of_sequence(RingView const& ring, std::uint64_t sequence) noexcept {
    for (int attempt = 0; attempt < kTries; ++attempt) {
        std::uint64_t const tail = load_tail(ring);
        auto const from = last_indexed(ring, tail, [&](RingPlace const& place) { return place.sequence <= sequence; });
        if (!from) return place_of_oldest(ring);
        auto const reached = [&](RingPlace const& at) { return at.sequence >= sequence || at.position == tail; };
        auto place = walk(ring, *from, tail, reached);
        if (!place) continue;
        if (place->position < tail) place->sequence = std::max(place->sequence, sequence);
        return *place;
    }
    return place_of_oldest(ring);
}

RingPlace place_of_position(RingView const& ring, std::uint64_t position) noexcept {
    std::uint64_t const tail = load_tail(ring);
    if (position >= tail) return place_of_tail(ring);
    auto const from = last_indexed(ring, tail, [&](RingPlace const& place) { return place.position <= position; });
    if (from)
        if (auto const place = walk(ring, *from, tail, [&](RingPlace const& at) { return at.position >= position; })) return *place;
    return first_indexed(ring, std::max(position, oldest_position(ring)), tail);
}

// The cursor is the pin: posted where we want to start, raised once at most, never lowered. What lies at or above limit - capacity is safe
// from the fence on, so the record to start with is looked up after it; the tail as of then is always a right answer.
RingPlace join_reliably(RingView const& ring, Cursor& cursor, RingPlace wanted) noexcept {
    attach_cursor(cursor, ring.ring_id, wanted.position);
    DefaultMemory::full_fence();  // partner: RingWriter::refresh_limit, between its store of the limit and its second look at the cursors
    std::uint64_t const limit = ring.head->limit.load(std::memory_order_acquire);
    std::uint64_t const held = limit <= ring.capacity ? 0 : limit - ring.capacity;
    if (held <= wanted.position) return wanted;
    RingPlace const start = place_of_position(ring, held);
    cursor.position.store(start.position, std::memory_order_release);
    return start;
}

}  // namespace bus::shm
