// Copying the last messages of one ring into another.
#include "client/carry_over.hpp"

#include <cstring>
#include <vector>

#include "shm/ring_history.hpp"
#include "shm/ring_reader.hpp"

namespace bus::client {

namespace {

void copy(std::span<std::byte const> from, std::byte* to) {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

/// The number of the first message that is to go, so that all from there on have room in `bytes`; 0: none.
std::uint64_t first_to_go(std::vector<shm::Mark> const& marks, std::uint64_t bytes) {
    std::uint64_t first = 0;
    for (auto mark = marks.rbegin(); mark != marks.rend() && mark->bytes <= bytes; ++mark) {
        bytes -= mark->bytes;
        first = mark->sequence;
    }
    return first;
}

}  // namespace

CarryOver::CarryOver(shm::RingWriter<> const& from, PublisherOptions const& options) : from_(from.ring().view()) {
    if (options.history == 0 && !options.retain) return;
    if (from_.head->ring_id != from_.ring_id) return;  // busd took it away, and its place is another one's
    auto const first = first_to_go(shm::marks_of_last(from_, options.history), from_.capacity / 2);
    if (first == 0) return;
    first_ = shm::place_of_sequence(from_, first);
    if (first_.sequence == first) numbers_ = from.sequence() - first + 1;
}

// In place: nobody overwrites what nobody writes into.
void CarryOver::write_into(shm::RingWriter<>& to) const {
    shm::RingReader<> reader(from_, shm::ReaderKind::best_effort, nullptr);
    reader.start_at(first_);
    while (to.sequence() < numbers_) {
        auto const record = reader.next_in_place();
        if (!record) break;
        for (auto const number = record->sequence - first_.sequence + 1; to.sequence() + 1 < number;) {
            to.flush();
            to.drop();
        }
        auto const extension_bytes = static_cast<std::uint16_t>(record->extension.size());
        auto* const room = to.try_reserve(record->payload.size(), extension_bytes);
        if (room == nullptr) break;
        copy(record->extension, to.extension());
        copy(record->payload, room);
        (void)to.append(record->payload.size(), record->stamps);
    }
    to.flush();
    while (to.sequence() < numbers_) to.drop();
    to.after_commit();
}

}  // namespace bus::client
