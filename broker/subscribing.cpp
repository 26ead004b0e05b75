// CreateSubscription, RemoveSubscription, DetachRing.
#include <bus/name.hpp>

#include <array>

#include "bells.hpp"
#include "links.hpp"
#include "requests.hpp"
#include "topic_types.hpp"

namespace bus::broker {
namespace {

Result<void> check(State& state, Session& session, v1::CreateSubscription const& request) {
    if (auto checked = check_pattern(request.pattern()); !checked) return checked;
    if (request.kind() > static_cast<std::uint32_t>(shm::ReaderKind::observer)) {
        return Error(Errc::invalid, "subscription to " + request.pattern() + ": unknown kind " + std::to_string(request.kind()));
    }
    bool const reliable = request.kind() == static_cast<std::uint32_t>(shm::ReaderKind::reliable);
    bool const named = !is_pattern(request.pattern());
    bool const own = is_reserved(request.pattern());
    if (own && reliable) {
        return Error(Errc::invalid, "subscription to " + request.pattern() + ": reliable, but busd publishes there and waits for nobody",
                     "subscribe without reliable: what is lost is counted");
    }
    auto const& who = session.user->subject;
    for (auto const verb : {Verb::subscribe, Verb::reliable}) {
        if (verb == Verb::reliable && !reliable) continue;
        bool const allowed = named || own ? state.rules.allows(who, verb, request.pattern()) : state.rules.allows_some(who, verb);
        if (!allowed) return not_permitted(state, session, verb, request.pattern());
    }
    if (request.any()) return {};
    if (auto checked = check_type(request.type()); !checked) return checked;
    if (!named || request.type().name().empty()) return {};
    return check_subscribers_type(state, state.topics.find(request.pattern()), request.type());
}

std::vector<Ring*> rings_for(State& state, Subscription const& subscription) {
    std::vector<Ring*> rings;
    for (auto const& [index, ring] : state.rings.all()) {
        if (ring->left && !ring->retain) continue;  // it is only read out by those who were there
        if (wants(state, subscription, offer_of(state, *ring))) rings.push_back(ring.get());
    }
    return rings;
}

void recount_matching(State& state, Subscription const& subscription) {
    for (auto const& [index, topic] : state.topics.all()) {
        if (matches(subscription.pattern, topic->name)) recount(state, *topic);
    }
}

// A subscription by name makes the topic: who publishes there later has to agree with its type.
Result<Topic*> topic_for(State& state, Subscription const& subscription) {
    auto topic = state.topics.find_or_create(subscription.pattern);
    if (!topic) return topic.error();
    if (!subscription.type.empty()) {
        state.schemas.share(subscription.schema);
        settle_type(state, **topic, {subscription.type, subscription.schema});
        ++(*topic)->typed_subscribers;
    }
    ++(*topic)->named_subscribers;
    return topic;
}

void undo_topic(State& state, Subscription const& subscription) {
    auto* const topic = state.topics.find(subscription.pattern);
    if (!subscription.named || topic == nullptr) return;
    --topic->named_subscribers;
    if (!subscription.type.empty()) --topic->typed_subscribers;
    drop_topic_if_unneeded(state, *topic);
}

}  // namespace

Result<Made> create_subscription(State& state, Session& session, v1::CreateSubscription const& request, std::uint64_t number) {
    if (auto checked = check(state, session, request); !checked) return checked.error();
    Subscription wanted;
    wanted.session_id = session.id;
    wanted.session = session.index;
    wanted.request = static_cast<std::uint32_t>(number);
    wanted.kind = static_cast<shm::ReaderKind>(request.kind());
    wanted.pattern = request.pattern();
    wanted.type = request.any() ? "" : request.type().name();
    wanted.named = !is_pattern(wanted.pattern);

    auto const version = store_type(state, request.any() ? v1::Type() : request.type());
    if (!version) return version.error();
    wanted.schema = version->schema;
    auto const give_up = [&](Error const& why) -> Result<Made> {
        state.schemas.release(wanted.schema);
        return why;
    };
    auto const rings = rings_for(state, wanted);
    if (auto room = check_room(state, std::vector<Subscription*>(rings.size(), &wanted)); !room) return give_up(room.error());
    if (wanted.named) {
        auto const topic = topic_for(state, wanted);
        if (!topic) return give_up(topic.error());
    }
    wanted.id = state.ids.next();
    auto const made = state.subscriptions.add(wanted);
    if (!made) {
        undo_topic(state, wanted);
        return give_up(made.error());
    }
    auto& subscription = **made;
    session.subscriptions.insert(subscription.index);
    for (auto* const ring : rings) {
        auto const tail = state.arenas.tail(ring->segment, ring->offset, ring->id);
        (void)connect(state, *ring, subscription, {tail, true});
    }
    recount_matching(state, subscription);
    state.directory.raise_epoch();
    for (auto const* const ring : rings) {
        auto* const publisher = state.sessions.at(ring->session);
        if (publisher != nullptr && publisher->id == ring->session_id) ring_all(*publisher);
    }
    return Made{subscription.index, subscription.id};
}

Result<Made> remove_subscription(State& state, Session& session, v1::RemoveSubscription const& request) {
    auto* const subscription = state.subscriptions.find(request.subscription_id());
    if (subscription == nullptr) return Made{};  // a repeated post: done before
    if (subscription->session_id != session.id) {
        return Error(Errc::not_permitted, "subscription " + std::to_string(request.subscription_id()) + " belongs to another session");
    }
    end_subscription(state, *subscription);
    return Made{};
}

Result<Made> detach_ring(State& state, Session& session, v1::DetachRing const& request) {
    auto* const subscription = state.subscriptions.find(request.subscription_id());
    auto* const ring = state.rings.find(request.ring_id());
    if (subscription == nullptr || ring == nullptr) return Made{};
    if (subscription->session_id != session.id) {
        return Error(Errc::not_permitted, "subscription " + std::to_string(request.subscription_id()) + " belongs to another session");
    }
    disconnect(state, *ring, *subscription, request.lost());
    return Made{};
}

}  // namespace bus::broker
