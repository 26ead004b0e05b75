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
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // busd copies for half a second at most, and allocates nothing for it
constexpr std::uint64_t kRoomForOrigins = 4;                  // a kept ring is at most so many times as large as its publishers' were

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

/// The last messages of a ring, one after the other, where they lie. Its publisher is gone, or says so: nothing here relies on it; one that
/// goes on writing spoils its own.
class Feed {
public:
    Feed(Source const& source, std::size_t count) : kept_(source.ring->kept), publisher_(source.ring->id), left_(count) {
        if (count == 0) return;
        reader_ = shm::RingReader<>(source.view, shm::ReaderKind::best_effort, nullptr);
        reader_.start_at(shm::place_of_sequence(source.view, source.marks[source.marks.size() - count].sequence));
        advance();
    }
    std::optional<shm::Record> const& next() const { return next_; }

    /// A publisher's message is given its origin; one that was kept before has it. What does not fit is left out.
    void move_to(shm::RingWriter<>& writer) {
        // An extension that is longer than any of ours says nothing.
        auto const own = next_->extension.size() <= kLongestExtension ? next_->extension : std::span<std::byte const>();
        auto const extension_bytes = (kept_ ? 0 : sizeof(shm::KeptRecord)) + own.size();
        if (auto* const to = writer.try_reserve(next_->payload.size(), static_cast<std::uint16_t>(extension_bytes))) {
            auto* extension = writer.extension();
            if (!kept_) {
                shm::KeptRecord const kept{.publisher = publisher_, .sequence = next_->sequence, .reserved = {}};
                std::memcpy(extension, &kept, sizeof kept);
                extension += sizeof kept;
            }
            if (!own.empty()) std::memcpy(extension, own.data(), own.size());
            if (!next_->payload.empty()) std::memcpy(to, next_->payload.data(), next_->payload.size());
            writer.append(next_->payload.size(), next_->stamps);
        }
        advance();
    }

private:
    void advance() {
        next_.reset();
        if (left_ == 0) return;
        --left_;
        if (auto const record = reader_.next_in_place()) next_ = *record;
    }

    bool kept_;
    std::uint64_t publisher_;
    std::size_t left_;
    shm::RingReader<> reader_;
    std::optional<shm::Record> next_;
};

// What is not stamped stays behind what is there already.
void merge(Feed& older, Feed& newer, shm::RingWriter<>& writer) {
    while (older.next() || newer.next()) {
        auto const stamp = newer.next() ? newer.next()->stamps.steady_ns : 0;
        bool const from_newer = !older.next() || (stamp != 0 && stamp < older.next()->stamps.steady_ns);
        (from_newer ? newer : older).move_to(writer);
    }
    writer.flush();
}

std::uint64_t capacity_for(Source const& older, Source const& newer, shm::Selection const& selected) {
    std::uint64_t all = 0, longest = 0;
    auto const add = [&](std::vector<shm::Mark> const& marks, std::size_t count) {
        for (auto at = marks.size() - count; at < marks.size(); ++at) {
            all += marks[at].bytes;
            longest = std::max(longest, marks[at].bytes);
        }
    };
    add(older.marks, selected.of_older);
    add(newer.marks, selected.of_newer);
    return std::bit_ceil(std::max({all, 4 * longest, std::uint64_t{shm::kMinRingBytes}}));
}

// Errors: limit: no room for one more segment, or ring.
Result<Ring*> make_kept(State& state, Topic& topic, Source const& older, Source const& newer, shm::Selection const& selected,
                        std::uint64_t history) {
    auto const capacity = capacity_for(older, newer, selected);
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
    shm::RingWriter<> writer(*writable);
    Feed of_older(older, selected.of_older), of_newer(newer, selected.of_newer);
    merge(of_older, of_newer, writer);
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
    auto const room =
        std::min(std::max(room_of(older, history), room_of(newer, history)), std::min(kMostBytes, state.config.limits.ring_bytes));
    auto const selected = shm::last_of_both(older.marks, newer.marks, history, room);
    if (selected.of_older == 0 || selected.of_newer == 0) {
        auto& useless = *(selected.of_newer == 0 ? newer : older).ring;
        auto* const stays = (selected.of_newer == 0 ? older : newer).ring;
        free_ring(state, useless);
        return stays;
    }
    auto const kept = make_kept(state, topic, older, newer, selected, history);
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
