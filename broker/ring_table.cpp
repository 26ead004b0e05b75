// Rings and subscriptions in the directory.
#include "ring_table.hpp"

#include <algorithm>
#include <bus/name.hpp>

#include "topic_table.hpp"

namespace bus::broker {

Ring* RingTable::find(std::uint64_t ring_id) {
    auto const found = index_of_.find(ring_id);
    return found == index_of_.end() ? nullptr : &at(found->second);
}

Result<Ring*> RingTable::add(Ring ring, std::uint32_t next_in_topic) {
    auto const index = directory_.find_free<shm::RingEntry>();
    if (!index) return index.error();
    ring.index = *index;
    directory_.change<shm::RingEntry>(*index, [&](shm::RingEntry& entry) {
        entry.ring_id = ring.id;
        entry.session_id = ring.session_id;
        entry.session = ring.session;
        entry.topic = ring.topic;
        entry.next_in_topic = next_in_topic;
        entry.first_member = shm::kNil;
        entry.uid = ring.uid;
        entry.request = ring.request;
        entry.segment = ring.segment;
        entry.offset = ring.offset;
        entry.capacity = ring.capacity;
        entry.schema = ring.schema;
        entry.kept = ring.kept ? 1 : 0;
        std::ranges::copy(ring.folded, entry.folded);
        entry.final_tail = ring.final_tail;
        entry.head.state = static_cast<std::uint32_t>(ring.left ? shm::RingState::left : shm::RingState::live);
    });
    index_of_[ring.id] = *index;
    return (rings_[*index] = std::make_unique<Ring>(std::move(ring))).get();
}

void RingTable::leave(Ring& ring, std::uint64_t final_tail) {
    ring.left = true;
    ring.final_tail = final_tail;
    directory_.change<shm::RingEntry>(ring.index, [&](shm::RingEntry& entry) {
        entry.final_tail = final_tail;
        entry.head.state = static_cast<std::uint32_t>(shm::RingState::left);
    });
}

void RingTable::remove(Ring& ring) {
    directory_.free<shm::RingEntry>(ring.index);
    index_of_.erase(ring.id);
    rings_.erase(ring.index);
}

Ring& RingTable::adopt(std::uint32_t index, shm::RingEntry const& entry) {
    auto ring = std::make_unique<Ring>();
    ring->index = index;
    ring->id = entry.ring_id;
    ring->session_id = entry.session_id;
    ring->session = entry.session;
    ring->topic = entry.topic;
    ring->uid = entry.uid;
    ring->request = entry.request;
    ring->segment = entry.segment;
    ring->offset = entry.offset;
    ring->capacity = entry.capacity;
    ring->schema = entry.schema;
    ring->kept = entry.kept != 0;
    std::ranges::copy(entry.folded, ring->folded.begin());
    ring->final_tail = entry.final_tail;
    ring->left = entry.head.state == static_cast<std::uint32_t>(shm::RingState::left);
    index_of_[ring->id] = index;
    return *(rings_[index] = std::move(ring));
}

Subscription* SubscriptionTable::find(std::uint64_t subscription_id) {
    auto const found = index_of_.find(subscription_id);
    return found == index_of_.end() ? nullptr : &at(found->second);
}

Result<Subscription*> SubscriptionTable::add(Subscription subscription) {
    auto const index = directory_.find_free<shm::SubscriptionEntry>();
    if (!index) return index.error();
    subscription.index = *index;
    directory_.change<shm::SubscriptionEntry>(*index, [&](shm::SubscriptionEntry& entry) {
        entry.subscription_id = subscription.id;
        entry.session_id = subscription.session_id;
        entry.session = subscription.session;
        entry.kind = subscription.kind;
        entry.first_member = shm::kNil;
        entry.request = subscription.request;
        store_name(entry.pattern, subscription.pattern);
        store_name(entry.type, subscription.type);
        entry.schema = subscription.schema;
        entry.head.state = static_cast<std::uint32_t>(shm::SubscriptionState::present);
    });
    index_of_[subscription.id] = *index;
    return (subscriptions_[*index] = std::make_unique<Subscription>(std::move(subscription))).get();
}

void SubscriptionTable::remove(Subscription& subscription) {
    directory_.free<shm::SubscriptionEntry>(subscription.index);
    index_of_.erase(subscription.id);
    subscriptions_.erase(subscription.index);
}

Subscription& SubscriptionTable::adopt(std::uint32_t index, shm::SubscriptionEntry const& entry) {
    auto subscription = std::make_unique<Subscription>();
    subscription->index = index;
    subscription->id = entry.subscription_id;
    subscription->session_id = entry.session_id;
    subscription->session = entry.session;
    subscription->request = entry.request;
    subscription->kind = entry.kind;
    subscription->pattern = shm::text(entry.pattern);
    subscription->type = shm::text(entry.type);
    subscription->schema = entry.schema;
    subscription->named = !is_pattern(subscription->pattern);
    index_of_[subscription->id] = index;
    return *(subscriptions_[index] = std::move(subscription));
}

}  // namespace bus::broker
