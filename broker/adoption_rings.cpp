// Adoption: topics, rings, subscriptions, members. What was made but never answered is undone: its maker will ask again.
#include <algorithm>
#include <bus/name.hpp>
#include <vector>

#include "adoption.hpp"
#include "adoption_scan.hpp"
#include "history.hpp"
#include "links.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

// Whether the session that asked for it was told: else it asks again, or has gone.
bool answered(Session const& session, std::uint32_t request) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(session.last_request) - request) >= 0;
}

Session* session_of(State& state, std::uint32_t index, std::uint64_t id) {
    auto* const session = state.sessions.at(index);
    return session != nullptr && session->id == id ? session : nullptr;
}

// A session found reaping holds nothing any more: whoever was giving back what it had died over it, and end_session() does not do it twice.
bool still_holds(Session const* session) { return session != nullptr && session->state != shm::SessionState::reaping; }

// One whose set can't be had any more has none from here on, in the directory too: the index will be another's.
template <class Entry>
void adopt_version(State& state, std::uint32_t index, std::uint32_t& schema) {
    if (schema != shm::kNil && state.schemas.bytes(schema).empty()) {
        schema = shm::kNil;
        state.directory.change<Entry>(index, [](Entry& entry) { entry.schema = shm::kNil; });
    }
    state.schemas.share(schema);
}

bool adopt_ring(State& state, std::uint32_t index, shm::RingEntry const& entry) {
    if (!state.topics.all().contains(entry.topic) || !state.objects.knows(entry.segment)) return false;
    auto const arena = state.arenas.adopt(entry.segment, entry.session_id);
    if (!arena) return false;
    auto const laid_out = shm::open_ring((*arena)->mapping.bytes(), entry.offset, entry.ring_id);
    bool const whole = laid_out && laid_out->capacity == entry.capacity;
    if (!whole || !(*arena)->extents.take(entry.offset, shm::ring_extent_bytes(entry.capacity))) {
        (*arena)->spoiled = true;
        return false;
    }
    auto& ring = state.rings.adopt(index, entry);
    ring.retain = laid_out->head->retain != 0;
    adopt_version<shm::RingEntry>(state, index, ring.schema);
    auto& topic = state.topics.at(entry.topic);
    topic.rings.push_back(index);
    if (ring.left) return true;
    ++topic.live_rings;
    if (auto* const session = session_of(state, entry.session, entry.session_id)) session->rings.insert(index);
    return true;
}

// Whoever asked for it asks again, and gets another one. Its readers may have attached it, and look there until they see that it has left:
// so it goes as every ring does, when they have let it go, and nothing else is laid out in its place before.
bool is_undone(State& state, shm::RingEntry const& entry) {
    auto const* const session = session_of(state, entry.session, entry.session_id);
    bool const left = entry.head.state == static_cast<std::uint32_t>(shm::RingState::left);
    return !left && session != nullptr && !answered(*session, entry.request);
}

bool adopt_subscription(State& state, std::uint32_t index, shm::SubscriptionEntry const& entry) {
    auto* const session = session_of(state, entry.session, entry.session_id);
    if (session == nullptr || !check_pattern(shm::text(entry.pattern)) || !answered(*session, entry.request)) return false;
    if (session->state == shm::SessionState::reaping) return false;
    auto& subscription = state.subscriptions.adopt(index, entry);
    adopt_version<shm::SubscriptionEntry>(state, index, subscription.schema);
    session->subscriptions.insert(index);
    if (!subscription.named) return true;
    auto topic = state.topics.find_or_create(subscription.pattern);
    if (!topic) return true;
    ++(*topic)->named_subscribers;
    if (!subscription.type.empty()) ++(*topic)->typed_subscribers;
    return true;
}

bool adopt_member(State& state, std::uint32_t index, shm::MemberEntry const& entry) {
    if (!state.rings.all().contains(entry.ring) || !state.subscriptions.all().contains(entry.subscription)) return false;
    auto& ring = state.rings.at(entry.ring);
    auto& subscription = state.subscriptions.at(entry.subscription);
    if (ring.id != entry.ring_id || subscription.id != entry.subscription_id) return false;
    if (state.members.find(ring, subscription) != shm::kNil) return false;
    auto* const session = session_of(state, subscription.session, subscription.session_id);
    if (session == nullptr || entry.cursor >= session->cursor_places.count()) return false;
    session->cursor_places.take_this(entry.cursor);
    state.members.adopt(index, entry, ring, subscription);
    return true;
}

void relink_topic(State& state, Topic& topic) {
    for (std::size_t place = 0; place < topic.rings.size(); ++place) {
        auto const next = place + 1 < topic.rings.size() ? topic.rings[place + 1] : shm::kNil;
        state.directory.change<shm::RingEntry>(topic.rings[place], [&](shm::RingEntry& entry) { entry.next_in_topic = next; });
    }
    auto const first = topic.rings.empty() ? shm::kNil : topic.rings.front();
    state.directory.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) { entry.first_ring = first; });
    state.directory.raise_topic_epoch(topic.index);
}

std::vector<std::uint32_t> topic_indices(State& state) {
    std::vector<std::uint32_t> indices;
    for (auto const& [index, topic] : state.topics.all()) indices.push_back(index);
    return indices;
}

void adopt_empty_arenas(State& state) {
    for (auto const& record : state.objects.objects()) {
        if (record.object != shm::ObjectKind::arena || record.kind != shm::RegistryKind::made) continue;
        shm::ObjectRef const ref{record.id, record.key, record.cookie};
        if (state.arenas.find(ref) != nullptr) continue;
        auto checked =
            shm::AttachedSegment::open(ref, shm::SegmentKind::arena, sys::effective_uid(), sys::Access::read_only, sys::steady_now());
        if (!checked) continue;
        auto* const session = state.sessions.find(checked->head().object);
        if (session != nullptr) (void)state.arenas.adopt(ref, session->id);
    }
}

}  // namespace

void adopt_topics_and_readers(State& state, Replaced& replaced) {
    scan<shm::SchemaEntry>(state, [&](std::uint32_t index, shm::SchemaEntry const& entry) {
        return state.objects.knows(entry.segment) && state.schemas.adopt(index, entry).has_value();
    });
    scan<shm::TopicEntry>(state, [&](std::uint32_t index, shm::TopicEntry const& entry) {
        auto const name = shm::text(entry.name);
        if (!check_name(name, Reserved::allow) || state.topics.find(name) != nullptr) return false;
        auto& topic = state.topics.adopt(index, entry);
        adopt_version<shm::TopicEntry>(state, index, topic.type.schema);
        return true;
    });
    std::vector<std::uint32_t> taken_away, undone;
    scan<shm::RingEntry>(state, [&](std::uint32_t index, shm::RingEntry const& entry) {
        bool const adopted = adopt_ring(state, index, entry);
        if (!adopted) taken_away.push_back(index);
        if (!adopted) ++replaced.rings;
        if (adopted && is_undone(state, entry)) undone.push_back(index);
        return adopted;
    });
    for (auto const index : taken_away) state.directory.raise_member_epoch(index);  // its publisher looks, and finds it gone
    scan<shm::SubscriptionEntry>(
        state, [&](std::uint32_t index, shm::SubscriptionEntry const& entry) { return adopt_subscription(state, index, entry); });
    scan<shm::MemberEntry>(state, [&](std::uint32_t index, shm::MemberEntry const& entry) { return adopt_member(state, index, entry); });
    adopt_empty_arenas(state);
    for (auto const& [index, ring] : state.rings.all()) state.members.relink(*ring);
    for (auto const& [index, subscription] : state.subscriptions.all()) state.members.relink(*subscription);
    std::vector<Topic*> topics;
    for (auto const& [index, topic] : state.topics.all()) topics.push_back(topic.get());
    for (auto* const topic : topics) {
        relink_topic(state, *topic);
        recount(state, *topic);
    }

    for (auto const& [index, ring] : state.rings.all()) {  // what a busd that died had folded and not freed yet
        for (auto const id : ring->folded) {
            if (auto* const source = id == 0 ? nullptr : state.rings.find(id)) source->retain = false;
        }
    }
    std::vector<Ring*> orphans, finished;
    for (auto const& [index, ring] : state.rings.all()) {
        if (!ring->left && !still_holds(session_of(state, ring->session, ring->session_id))) orphans.push_back(ring.get());
        if (ring->left && ring->members.empty() && !ring->retain) finished.push_back(ring.get());
    }
    for (auto const index : undone) {
        auto& ring = state.rings.at(index);
        ring.retain = false;  // nobody was told of it, so nothing was published there
        if (std::ranges::find(orphans, &ring) == orphans.end()) orphans.push_back(&ring);
    }
    for (auto* const ring : finished) free_ring(state, *ring);
    for (auto* const ring : orphans) retire(state, *ring);
    for (auto const index : topic_indices(state)) {
        if (state.topics.all().contains(index)) keep_history(state, state.topics.at(index));
    }
    std::vector<Topic*> unneeded;
    for (auto const& [index, topic] : state.topics.all()) {
        if (!topic->needed()) unneeded.push_back(topic.get());
    }
    for (auto* const topic : unneeded) drop_topic_if_unneeded(state, *topic);
    for (auto const& [id, arena] : state.arenas.all())
        arena->orphan = arena->session_id != 0 && !still_holds(state.sessions.find(arena->session_id));
}

}  // namespace bus::broker
