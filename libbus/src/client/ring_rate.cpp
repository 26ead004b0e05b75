// The first message of the last kWindow is found by bisection over sequences. The rate is that of the messages from there to the end,
// over the time from there to now; where nothing older is in the ring because the publisher has just begun, over a second at least.
#include "client/ring_rate.hpp"

#include <algorithm>
#include <vector>

#include "shm/ring_reader.hpp"
#include "shm/ring_start.hpp"

namespace bus::client {

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kWindowNs = 5 * kSecondNs;

struct Stamped {
    std::uint64_t sequence = 0, position = 0, sent_ns = 0;
};

class StampReader {
public:
    explicit StampReader(shm::RingView const& ring) : ring_(ring) {}

    /// The message with this sequence, or the first one behind it that is still there. sequence 0: none.
    Stamped at(std::uint64_t sequence) {
        shm::RingReader<> reader(ring_, shm::ReaderKind::best_effort, nullptr);
        auto const place = shm::place_of_sequence(ring_, sequence);
        reader.start_at(place);
        auto const record = reader.next([this](std::size_t bytes) {
            scratch_.resize(std::max(scratch_.size(), bytes));
            return scratch_.data();
        });
        if (!record) return {};
        return {record->sequence, place.position, record->stamps.steady_ns};
    }

private:
    shm::RingView ring_;
    std::vector<std::byte> scratch_;
};

}  // namespace

RingRate rate_of(shm::RingView const& ring, std::uint64_t now_steady_ns) {
    StampReader stamps(ring);
    auto const last = ring.head->sequence.load(std::memory_order_acquire);
    auto const tail = shm::load_tail(ring);
    auto const since = now_steady_ns > kWindowNs ? now_steady_ns - kWindowNs : 0;
    auto first = stamps.at(shm::place_of_oldest(ring).sequence);
    if (last == 0 || first.sequence == 0 || first.sequence > last || first.sent_ns == 0) return {};
    bool const from_the_beginning = first.sequence == 1 && first.sent_ns >= since;
    if (first.sent_ns < since) {
        auto low = first.sequence, high = last + 1;  // low is too old, high is young enough or behind the end
        while (high - low > 1) {
            auto const middle = low + (high - low) / 2;
            auto const found = stamps.at(middle);
            if (found.sequence == 0 || found.sequence > high) return {};  // overwritten under our eyes, or not there yet
            (found.sent_ns < since ? low : high) = middle;
        }
        if (high > last) return {};
        first = stamps.at(high);
        first.sent_ns = std::min(first.sent_ns, since);
    }
    if (first.sequence == 0 || first.position > tail || first.sequence > last) return {};
    auto elapsed = now_steady_ns > first.sent_ns ? now_steady_ns - first.sent_ns : 1;
    if (from_the_beginning) elapsed = std::max(elapsed, kSecondNs);
    auto const seconds = static_cast<double>(elapsed) / static_cast<double>(kSecondNs);
    return {static_cast<double>(last - first.sequence + 1) / seconds, static_cast<double>(tail - first.position) / seconds};
}

}  // namespace bus::client
