// busd as a publisher.
#include "own_topic.hpp"

#include <bus/name.hpp>

#include "bells.hpp"
#include "client/schema_set.hpp"
#include "links.hpp"
#include "state.hpp"
#include "sys/clock.hpp"
#include "sys/process.hpp"
#include "topic_types.hpp"

namespace bus::broker {
namespace {

constexpr std::uint64_t kRingBytes = 256 << 10;  // some thousand events

v1::Type wire_type(google::protobuf::Descriptor const& type, std::string_view set) {
    v1::Type wire;
    wire.set_name(type.full_name());
    wire.set_descriptor_set(set.data(), set.size());
    return wire;
}

shm::Stamps now() {
    return {.steady_ns = static_cast<std::uint64_t>(sys::clock_ns(CLOCK_MONOTONIC)), .wall_ns = sys::clock_ns(CLOCK_REALTIME)};
}

}  // namespace

bool OwnTopic::is_meant_by(std::string_view pattern) const {
    return is_reserved(pattern) && check_pattern(pattern) && matches(pattern, name_);
}

bool OwnTopic::is_wanted() const {
    for (auto const& [index, subscription] : state_.subscriptions.all())
        if (is_meant_by(subscription->pattern)) return true;
    return false;
}

// The order is that of create_publisher: room, ring laid out, entry, chain, members. Dead anywhere: room that no entry names is free, a
// ring of no session is one that was left.
Result<void> OwnTopic::open() {
    if (is_open()) return {};
    auto const set = client::make_set(type_);
    if (!set) return set.error();
    if (auto agreed = check_publishers_type(state_, state_.topics.find(name_), wire_type(type_, *set)); !agreed) return agreed.error();
    auto const made = make_ring(*set);
    if (!made) return made.error();
    auto& ring = **made;
    for (auto const& [index, subscription] : state_.subscriptions.all())
        if (wants(state_, *subscription, offer_of(state_, ring))) (void)connect(state_, ring, *subscription, {0, false});
    recount(state_, state_.topics.at(ring.topic));
    state_.directory.raise_epoch();
    for (auto const member : ring.members)
        ring_all(*state_.sessions.at(state_.subscriptions.at(state_.members.at(member).subscription).session));
    return {};
}

Result<Ring*> OwnTopic::make_ring(std::string_view set) {
    auto const type = store_type(state_, wire_type(type_, set));
    if (!type) return type.error();
    auto const place = state_.arenas.carve(0, {sys::effective_uid(), sys::effective_gid(), 0644}, kRingBytes, name_);
    if (!place) {
        state_.schemas.release(type->schema);
        return place.error();
    }
    auto const give_up = [&](Error const& why) -> Result<Ring*> {
        state_.schemas.release(type->schema);
        state_.arenas.release(place->arena->ref, place->offset, kRingBytes);
        if (auto* const topic = state_.topics.find(name_)) drop_topic_if_unneeded(state_, *topic);
        return why;
    };
    auto const found = state_.topics.find_or_create(name_);
    if (!found) return give_up(found.error());
    auto& topic = **found;
    Ring ring;
    ring.id = state_.ids.next();
    ring.session = shm::kNil;
    ring.topic = topic.index;
    ring.uid = sys::effective_uid();
    ring.segment = place->arena->ref;
    ring.offset = place->offset;
    ring.capacity = kRingBytes;
    ring.schema = type->schema;
    shm::RingSpec const spec{.ring_id = ring.id, .capacity = kRingBytes, .topic = name_, .type = type->name};
    auto const bytes = place->arena->mapping.writable_bytes();
    if (auto laid_out = shm::format_ring(bytes, place->offset, spec); !laid_out) return give_up(laid_out.error());
    auto const writable = shm::open_ring(bytes, place->offset, ring.id);
    if (!writable) return give_up(writable.error());
    auto const added = state_.rings.add(std::move(ring), topic.rings.empty() ? shm::kNil : topic.rings.front());
    if (!added) return give_up(added.error());
    writer_ = shm::RingWriter<>(*writable);
    ring_id_ = (*added)->id;
    state_.schemas.share(type->schema);
    settle_type(state_, topic, *type);
    state_.topics.link_ring(topic, (*added)->index);
    ++topic.live_rings;
    return added;
}

void OwnTopic::close() {
    auto* const ring = state_.rings.find(std::exchange(ring_id_, 0));
    bells_.clear();
    if (ring != nullptr) retire(state_, *ring);
}

void OwnTopic::close_if_unwanted() {
    if (is_open() && !is_wanted()) close();
}

bool OwnTopic::give_up_ring_in(int segment) {
    auto const* const ring = is_open() ? state_.rings.find(ring_id_) : nullptr;
    if (ring == nullptr || ring->segment.id != segment) return false;
    if (auto* const arena = state_.arenas.find(ring->segment)) arena->orphan = true;  // no other ring is laid into it
    close();
    return true;
}

void OwnTopic::publish(google::protobuf::Message const& message) {
    auto const* const ring = is_open() ? state_.rings.find(ring_id_) : nullptr;
    if (ring == nullptr) return;
    auto const bytes = message.ByteSizeLong();
    auto* to = writer_.try_reserve(bytes);
    if (to == nullptr) {
        if (!writer_.fits(bytes)) return writer_.drop();
        (void)writer_.refresh_limit([](std::uint64_t tail) { return tail; });  // nobody is waited for
        to = writer_.try_reserve(bytes);
        if (to == nullptr) return writer_.drop();
    }
    (void)message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to));
    (void)writer_.commit(bytes, now());
    writer_.after_commit();
    ring_readers(*ring);
}

// Dead before: the next busd rings everybody.
void OwnTopic::ring_readers(Ring const& ring) {
    auto before = std::exchange(bells_, {});
    for (auto const member : ring.members) {
        auto const& subscription = state_.subscriptions.at(state_.members.at(member).subscription);
        auto const* const session = state_.sessions.at(subscription.session);
        if (session == nullptr || session->id != subscription.session_id || bells_.contains(session->id)) continue;
        auto& bell = bells_[session->id] = before[session->id];
        ring_for_message(*session, bell, shm::attention_bit(ring.topic));
    }
}

}  // namespace bus::broker
