// Rings and subscriptions, brought together and taken apart.
#include "links.hpp"

#include <algorithm>
#include <bus/name.hpp>
#include <map>

#include "bells.hpp"
#include "history.hpp"
#include "topic_types.hpp"

namespace bus::broker {
namespace {

// What the reader itself says it lost in that ring.
std::uint64_t lost_by(State& state, Ring const& ring, Subscription const& subscription) {
    auto const member = state.members.find(ring, subscription);
    auto* const session = state.sessions.at(subscription.session);
    if (member == shm::kNil || session == nullptr || !session->cursors_mapping) return 0;
    auto const* const cursor = session->cursors_view.cursor(state.members.at(member).cursor);
    if (cursor == nullptr || cursor->ring_id.load(std::memory_order_acquire) != ring.id) return 0;
    return cursor->lost.load(std::memory_order_relaxed);
}

void ring_session(State& state, std::uint32_t index, std::uint64_t id) {
    auto* const session = state.sessions.at(index);
    if (session != nullptr && session->id == id) ring_all(*session);
}

}  // namespace

bool wants(State& state, Subscription const& subscription, RingOffer const& offer) {
    if (!matches(subscription.pattern, offer.topic)) return false;
    if (!can_read(state, subscription, offer.type, offer.descriptor_set)) return false;
    auto const* const session = state.sessions.at(subscription.session);
    if (session == nullptr || session->id != subscription.session_id) return false;
    auto const verb = subscription.kind == shm::ReaderKind::reliable ? Verb::reliable : Verb::subscribe;
    return state.rules.allows(session->user->subject, verb, offer.topic) && state.rules.can_read(session->user->subject, offer.access);
}

RingOffer offer_of(State& state, Ring const& ring) {
    auto const& topic = state.topics.at(ring.topic);
    auto const* const arena = state.arenas.find(ring.segment);
    return {topic.name, topic.type.name, state.schemas.bytes(ring.schema),
            arena != nullptr ? arena->access : sys::Ownership{ring.uid, 0, 0600}};
}

Result<void> check_room(State& state, std::vector<Subscription*> const& readers) {
    if (state.members.available() < readers.size()) {
        return Error(Errc::limit,
                     "the bus has room for " + std::to_string(state.directory.view().capacity<shm::MemberEntry>()) +
                         " members (readers of a ring), " + std::to_string(readers.size()) + " more are needed",
                     "raise [tables] members in busd.toml and start the bus anew");
    }
    std::map<std::uint32_t, std::size_t> needed;
    for (auto const* reader : readers) ++needed[reader->session];
    for (auto const& [index, count] : needed) {
        auto const& session = *state.sessions.at(index);
        if (session.cursor_places.available() >= count) continue;
        return Error(Errc::limit,
                     "client " + session.name + " (session " + std::to_string(session.id) + ") reads " +
                         std::to_string(session.cursor_places.count() - session.cursor_places.available()) + " rings of at most " +
                         std::to_string(session.cursor_places.count()) + ", " + std::to_string(count) + " more are needed",
                     "raise [limits] cursors in busd.toml, or use a second connection for some of the subscriptions");
    }
    return {};
}

Result<void> connect(State& state, Ring& ring, Subscription& subscription, MemberTable::Start start) {
    auto& session = *state.sessions.at(subscription.session);
    auto const cursor = session.cursor_places.take();
    if (!cursor) return Error(Errc::limit, "no cursor is free in session " + std::to_string(session.id));
    auto const member = state.members.add(ring, subscription, *cursor, start);
    if (member) return {};
    session.cursor_places.give_back(*cursor);
    return member.error();
}

void disconnect(State& state, Ring& ring, Subscription& subscription, std::uint64_t lost) {
    auto const member = state.members.find(ring, subscription);
    if (member == shm::kNil) return;
    auto const cursor = state.members.at(member).cursor;
    state.topics.add_lost(state.topics.at(ring.topic), lost);
    state.members.remove(ring, subscription, member);
    if (auto* const session = state.sessions.at(subscription.session)) session->cursor_places.give_back(cursor);
    ring_session(state, ring.session, ring.session_id);  // the publisher may have waited for just that reader
    if (ring.left && ring.members.empty()) {
        auto& topic = state.topics.at(ring.topic);
        if (ring.retain) return keep_history(state, topic);
        free_ring(state, ring);
    }
}

void retire(State& state, Ring& ring) {
    if (ring.left) return;
    auto& topic = state.topics.at(ring.topic);
    state.rings.leave(ring, state.arenas.tail(ring.segment, ring.offset, ring.id));
    if (auto* const session = state.sessions.at(ring.session); session != nullptr && session->id == ring.session_id) {
        session->rings.erase(ring.index);
    }
    if (topic.live_rings > 0) --topic.live_rings;
    state.topics.write_counts(topic);
    state.events.publisher_left(ring);
    state.directory.raise_member_epoch(ring.index);  // its publisher looks: it may be one whose session is being ended
    for (auto const member : ring.members) {
        auto& subscription = state.subscriptions.at(state.members.at(member).subscription);
        state.directory.raise_subscription_epoch(subscription.index);
        ring_session(state, subscription.session, subscription.session_id);
    }
    state.directory.raise_topic_epoch(topic.index);
    state.directory.raise_epoch();
    if (!ring.members.empty()) return;
    if (ring.retain) return keep_history(state, topic);
    free_ring(state, ring);
}

void free_ring(State& state, Ring& ring) {
    auto& topic = state.topics.at(ring.topic);
    auto const [segment, offset, capacity, schema] = std::tuple(ring.segment, ring.offset, ring.capacity, ring.schema);
    state.topics.unlink_ring(topic, ring.index);
    state.rings.remove(ring);
    state.schemas.release(schema);
    state.arenas.release(segment, offset, capacity);
    drop_topic_if_unneeded(state, topic);
    state.directory.raise_epoch();
}

void drop_topic_if_unneeded(State& state, Topic& topic) {
    auto const schema = topic.type.schema;
    if (!topic.needed()) state.events.topic_gone(topic);
    if (state.topics.remove_unneeded(topic)) state.schemas.release(schema);
}

void end_subscription(State& state, Subscription& subscription) {
    for (auto const member : std::vector(subscription.members)) {
        auto& ring = state.rings.at(state.members.at(member).ring);
        disconnect(state, ring, subscription, lost_by(state, ring, subscription));
    }
    auto const gone = subscription;
    state.subscriptions.remove(subscription);
    state.schemas.release(gone.schema);
    if (auto* const session = state.sessions.at(gone.session); session != nullptr && session->id == gone.session_id) {
        session->subscriptions.erase(gone.index);
    }
    std::vector<Topic*> topics;
    for (auto& [index, topic] : state.topics.all()) {
        if (matches(gone.pattern, topic->name)) topics.push_back(topic.get());
    }
    for (auto* const topic : topics) {
        if (gone.named) {
            if (topic->named_subscribers > 0) --topic->named_subscribers;
            if (!gone.type.empty() && topic->typed_subscribers > 0) --topic->typed_subscribers;
        }
        recount(state, *topic);
        drop_topic_if_unneeded(state, *topic);
    }
    state.events.subscriber_left(gone);
    state.directory.raise_epoch();
}

void recount(State& state, Topic& topic) {
    std::uint32_t subscribers = 0, observers = 0;
    for (auto const& [index, subscription] : state.subscriptions.all()) {
        if (!matches(subscription->pattern, topic.name)) continue;
        if (!can_read(state, *subscription, topic.type.name, state.schemas.bytes(topic.type.schema))) continue;
        ++(subscription->kind == shm::ReaderKind::observer ? observers : subscribers);
    }
    topic.subscribers = subscribers;
    topic.observers = observers;
    state.topics.write_counts(topic);
}

}  // namespace bus::broker
