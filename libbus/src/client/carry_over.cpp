// Copying the last messages of one ring into another.
#include "client/carry_over.hpp"

#include <cstring>

#include "shm/ring_history.hpp"
#include "shm/ring_reader.hpp"

namespace bus::client {

namespace {

void copy(std::span<std::byte const> from, std::byte* to) {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

}  // namespace

CarryOver::CarryOver(shm::RingWriter<> const& from, PublisherOptions const& options) : from_(from.ring().view()) {
    if (options.history == 0 && !options.retain) return;
    first_ = options.history == 0 ? shm::place_of_oldest(from_) : shm::place_of_last(from_, options.history);
    if (first_.sequence != 0 && first_.sequence <= from.sequence()) numbers_ = from.sequence() - first_.sequence + 1;
}

// In place: nobody overwrites what nobody writes into. There is room for all: they lay in as large a ring, with paddings between them.
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
