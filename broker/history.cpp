// Rings that were left, folded into one.
#include "history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <tuple>

#include "links.hpp"
#include "log.hpp"
#include "shm/origin_layout.hpp"
#include "shm/ring_history.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_writer.hpp"

namespace bus::broker {
namespace {

constexpr std::size_t kMostKept = 8;  // of a topic: one for each permission and each version of its type
constexpr std::size_t kLongestExtension = sizeof(shm::KeptRecord) + shm::origin_bytes(shm::kMaxHostBytes);
constexpr std::uint64_t kRoomForOrigins = 4;  // a kept ring is at most so many times as large as its publishers' were

struct Message {
    shm::Stamps stamps;
    std::vector<std::byte> extension, payload;
};

struct Source {
    Ring* ring;
    shm::RingView view;
    std::uint64_t history;
    std::vector<shm::Mark> marks;
};

std::optional<Source> source_of(State& state, Ring& ring) {
    auto* const arena = state.arenas.find(ring.segment);
    if (arena == nullptr) return std::nullopt;
    auto const view = shm::open_ring(std::span<std::byte const>(arena->mapping.bytes()), ring.offset, ring.id);
    if (!view) return std::nullopt;
    auto const history = shm::load_word(&view->head->history);
    Source source{&ring, *view, history, shm::marks_of_last(*view, history)};
    if (!ring.kept)
        for (auto& mark : source.marks) mark.bytes += sizeof(shm::KeptRecord);  // as long as it will be
    return source;
}

// A kept ring never grows by being folded: it is as large as its publishers' rings allow, not as it is.
std::uint64_t room_of(Source const& source, std::uint64_t history) {
    if (source.ring->kept) return source.view.capacity;
    return source.view.capacity * (history == 0 ? 2 : kRoomForOrigins);
}

// A publisher's message is given its origin; one that was kept before has it.
Message message_of(Source const& source, shm::Record const& record) {
    Message message{record.stamps, {}, {record.payload.begin(), record.payload.end()}};
    if (!source.ring->kept) {
        shm::KeptRecord const kept{.publisher = source.ring->id, .sequence = record.sequence, .reserved = {}};
        message.extension.resize(sizeof kept);
        std::memcpy(message.extension.data(), &kept, sizeof kept);
    }
    // An extension that is longer than any of ours says nothing; its publisher could have written anything.
    if (message.extension.size() + record.extension.size() <= kLongestExtension)
        message.extension.insert(message.extension.end(), record.extension.begin(), record.extension.end());
    return message;
}

// Its publisher is gone, or says so: nothing here relies on it. What was overwritten meanwhile is missing.
std::vector<Message> last_of(Source const& source, std::size_t count, std::uint64_t max_bytes) {
    std::vector<Message> messages;
    std::uint64_t all_bytes = 0;
    if (count == 0) return messages;
    shm::RingReader<> reader(source.view, shm::ReaderKind::best_effort, nullptr);
    reader.start_at(shm::place_of_sequence(source.view, source.marks[source.marks.size() - count].sequence));
    std::vector<std::byte> bytes;
    while (messages.size() < count) {
        auto const record = reader.next([&](std::size_t size) {
            bytes.resize(shm::align_up(size, std::size_t{8}) + 8);
            return bytes.data();
        });
        if (!record) break;
        messages.push_back(message_of(source, *record));
        all_bytes += shm::record_bytes(record->payload.size(), messages.back().extension.size());
        if (all_bytes > max_bytes) break;  // it is being written still, against the rules
    }
    return messages;
}

std::vector<Message> merged(std::vector<Message> older, std::vector<Message> newer) {
    std::vector<Message> all;
    all.reserve(older.size() + newer.size());
    auto next_older = older.begin(), next_newer = newer.begin();
    while (next_older != older.end() || next_newer != newer.end()) {
        bool const from_newer =
            next_older == older.end() || (next_newer != newer.end() && next_newer->stamps.steady_ns < next_older->stamps.steady_ns);
        all.push_back(std::move(*(from_newer ? next_newer++ : next_older++)));
    }
    return all;
}

std::uint64_t capacity_for(std::vector<Message> const& messages) {
    std::uint64_t all = 0, longest = 0;
    for (auto const& message : messages) {
        auto const bytes = shm::record_bytes(message.payload.size(), message.extension.size());
        all += bytes;
        longest = std::max(longest, bytes);
    }
    return std::bit_ceil(std::max({all, 4 * longest, std::uint64_t{shm::kMinRingBytes}}));
}

void write(shm::WritableRing const& ring, std::vector<Message> const& messages) {
    shm::RingWriter<> writer(ring);
    for (auto const& message : messages) {
        auto const extension_bytes = static_cast<std::uint16_t>(message.extension.size());
        auto* const to = writer.try_reserve(message.payload.size(), extension_bytes);
        if (to == nullptr) continue;
        std::memcpy(writer.extension(), message.extension.data(), message.extension.size());
        if (!message.payload.empty()) std::memcpy(to, message.payload.data(), message.payload.size());
        writer.append(message.payload.size(), message.stamps);
    }
    writer.flush();
}

// Errors: limit: no room for one more segment, or ring.
Result<Ring*> make_kept(State& state, Topic& topic, Source const& older, Source const& newer, std::vector<Message> const& messages,
                        std::uint64_t history) {
    auto const capacity = capacity_for(messages);
    auto const place = state.arenas.carve(0, offer_of(state, *newer.ring).access, capacity, topic.name);
    if (!place) return place.error();
    Ring ring;
    ring.id = state.ids.next();
    ring.session = shm::kNil;
    ring.topic = topic.index;
    ring.uid = newer.ring->uid;
    ring.segment = place->arena->ref;
    ring.offset = place->offset;
    ring.capacity = capacity;
    ring.left = ring.retain = ring.kept = true;
    ring.folded = {older.ring->id, newer.ring->id};
    ring.schema = newer.ring->schema;
    shm::RingSpec const spec{.ring_id = ring.id,
                             .session_id = 0,
                             .capacity = capacity,
                             .history = history,
                             .retain = true,
                             .when_full = 0,
                             .topic = topic.name,
                             .type = topic.type.name};
    auto const give_up = [&](Error const& why) -> Result<Ring*> {
        state.arenas.release(place->arena->ref, place->offset, capacity);
        return why;
    };
    auto const bytes = place->arena->mapping.writable_bytes();
    if (auto laid_out = shm::format_ring(bytes, place->offset, spec); !laid_out) return give_up(laid_out.error());
    auto const writable = shm::open_ring(bytes, place->offset, ring.id);
    if (!writable) return give_up(writable.error());
    write(*writable, messages);
    ring.final_tail = shm::load_tail(writable->view());
    auto const added = state.rings.add(std::move(ring), topic.rings.empty() ? shm::kNil : topic.rings.front());
    if (!added) return give_up(added.error());
    state.schemas.share((*added)->schema);
    state.topics.link_ring(topic, (*added)->index);
    return added;
}

// One of the two, or a new one; null where that failed: then both stay.
Ring* fold(State& state, Topic& topic, Source const& older, Source const& newer) {
    auto const history = newer.ring->kept ? older.history : newer.history;
    auto const room = std::min(std::max(room_of(older, history), room_of(newer, history)), state.config.limits.ring_bytes);
    auto const selected = shm::last_of_both(older.marks, newer.marks, history, room);
    if (selected.of_older == 0 || selected.of_newer == 0) {
        auto& useless = *(selected.of_newer == 0 ? newer : older).ring;
        auto* const stays = (selected.of_newer == 0 ? older : newer).ring;
        free_ring(state, useless);
        return stays;
    }
    auto const messages = merged(last_of(older, selected.of_older, room), last_of(newer, selected.of_newer, room));
    auto const kept = make_kept(state, topic, older, newer, messages, history);
    if (!kept) {
        log::warning("topic " + topic.name + ": two rings of publishers that have gone stay for now: " + kept.error().what());
        return nullptr;
    }
    free_ring(state, *older.ring);
    free_ring(state, *newer.ring);
    return *kept;
}

using Group = std::vector<Ring*>;  // rings whose messages may lie together: of one permission, of one version of the type

std::vector<Group> groups_of(State& state, Topic const& topic, Group& useless) {
    std::map<std::tuple<uid_t, gid_t, mode_t, std::uint32_t>, Group> groups;
    for (auto const index : topic.rings) {
        auto& ring = state.rings.at(index);
        if (!ring.left || !ring.members.empty()) continue;
        auto const access = offer_of(state, ring).access;
        (ring.retain ? groups[{access.uid, access.gid, access.mode, ring.schema}] : useless).push_back(&ring);
    }
    std::vector<Group> all;
    for (auto& [key, group] : groups) {
        std::ranges::sort(group, {}, [](Ring const* ring) { return std::pair(!ring->kept, ring->id); });
        all.push_back(std::move(group));
    }
    return all;
}

}  // namespace

void keep_history(State& state, Topic& topic) {
    Group useless;
    auto groups = groups_of(state, topic, useless);
    std::vector<Ring*> kept;
    for (auto& group : groups) {
        auto* so_far = group.front();
        for (auto at = group.begin() + 1; at != group.end() && so_far != nullptr; ++at) {
            auto const older = source_of(state, *so_far), newer = source_of(state, **at);
            if (!older || !newer) {
                useless.push_back(older ? *at : so_far);
                so_far = older ? so_far : *at;
                continue;
            }
            so_far = fold(state, topic, *older, *newer);
        }
        if (so_far == nullptr) continue;
        bool const empty = state.arenas.tail(so_far->segment, so_far->offset, so_far->id) == 0;
        (empty ? useless : kept).push_back(so_far);
    }
    std::ranges::sort(kept, {}, &Ring::id);
    for (std::size_t at = 0; at + kMostKept < kept.size(); ++at) {
        log::warning("topic " + topic.name + ": more than " + std::to_string(kMostKept) +
                     " permissions and versions of its type are retained; the oldest goes");
        useless.push_back(kept[at]);
    }
    for (auto* const ring : useless) free_ring(state, *ring);
}

}  // namespace bus::broker
