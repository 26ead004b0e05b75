// Walking over the heads of a ring's messages.
#include "shm/ring_history.hpp"

#include <algorithm>

#include "shm/ring_start.hpp"

namespace bus::shm {

namespace {

constexpr int kTries = 8;
constexpr std::uint64_t kFurther = 16;

/// False where a record was overwritten under our hands, or makes no sense.
bool walk_to(RingView const& ring, RingPlace from, std::uint64_t tail, std::vector<Mark>& marks) {
    for (std::uint64_t at = from.position; at < tail;) {
        RecordHead const head = load_head(ring.data + (at & (ring.capacity - 1)));
        std::uint64_t const bytes = checked_record_bytes(head, at, ring.capacity);
        if (bytes == 0 || bytes > tail - at || !still_there(ring, at)) return false;
        if (head.kind == RecordKind::message) marks.push_back({head.sequence, head.sent_steady_ns, bytes});
        at += bytes;
    }
    return true;
}

}  // namespace

std::vector<Mark> marks_of_last(RingView const& ring, std::uint64_t at_most) {
    at_most = at_most == 0 ? kMostMarks : std::min(at_most, kMostMarks);
    std::uint64_t distance = at_most;
    std::vector<Mark> marks;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        marks.clear();
        auto const from = place_of_history(ring, distance);
        auto const tail = load_tail(ring);
        if (tail - from.position > ring.capacity) continue;
        if (!walk_to(ring, from, tail, marks)) continue;
        // Numbers of messages that were given up are nowhere: then it goes further back.
        bool const all = marks.size() >= at_most || from.position <= place_of_oldest(ring).position;
        if (all || ring.head->dropped.load(std::memory_order_relaxed) == 0) break;
        distance *= kFurther;
    }
    if (marks.size() > at_most) marks.erase(marks.begin(), marks.end() - static_cast<std::ptrdiff_t>(at_most));
    return marks;
}

RingPlace place_of_last(RingView const& ring, std::uint64_t messages) {
    if (ring.head->dropped.load(std::memory_order_relaxed) == 0 || messages > kMostMarks) return place_of_history(ring, messages);
    auto const marks = marks_of_last(ring, messages);
    return marks.empty() ? place_of_tail(ring) : place_of_sequence(ring, marks.front().sequence);
}

// From the end: the newer of the two last ones goes first.
Selection last_of_both(std::vector<Mark> const& older, std::vector<Mark> const& newer, std::uint64_t at_most, std::uint64_t max_bytes) {
    Selection selected;
    std::uint64_t bytes = 0;
    for (;;) {
        auto const left_older = older.size() - selected.of_older, left_newer = newer.size() - selected.of_newer;
        if (left_older + left_newer == 0) return selected;
        if (at_most != 0 && selected.of_older + selected.of_newer >= at_most) return selected;
        bool const from_newer =
            left_older == 0 || (left_newer != 0 && (newer[left_newer - 1].steady_ns == 0 ||
                                                    newer[left_newer - 1].steady_ns >= older[left_older - 1].steady_ns));
        bytes += (from_newer ? newer[left_newer - 1] : older[left_older - 1]).bytes;
        if (bytes > max_bytes) return selected;
        ++(from_newer ? selected.of_newer : selected.of_older);
    }
}

}  // namespace bus::shm
