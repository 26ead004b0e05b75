// Members: the two chains each of them is in.
#include <algorithm>

#include "ring_table.hpp"

namespace bus::broker {
namespace {

std::uint32_t head_of(std::vector<std::uint32_t> const& chain) { return chain.empty() ? shm::kNil : chain.front(); }

}  // namespace

std::size_t MemberTable::available() const { return directory_.view().capacity<shm::MemberEntry>() - members_.size(); }

Result<std::uint32_t> MemberTable::add(Ring& ring, Subscription& subscription, std::uint32_t cursor, Start start) {
    auto const index = directory_.find_free<shm::MemberEntry>();
    if (!index) return index.error();
    directory_.change<shm::MemberEntry>(*index, [&](shm::MemberEntry& entry) {
        entry.ring = ring.index;
        entry.subscription = subscription.index;
        entry.ring_id = ring.id;
        entry.subscription_id = subscription.id;
        entry.session_id = subscription.session_id;
        entry.session = subscription.session;
        entry.cursor = cursor;
        entry.kind = subscription.kind;
        entry.joined_later = start.joined_later ? 1 : 0;
        entry.start = start.position;
        entry.next_in_ring = head_of(ring.members);
        entry.next_in_subscription = head_of(subscription.members);
        entry.head.state = static_cast<std::uint32_t>(shm::MemberState::present);
    });
    members_[*index] = {*index, ring.index, subscription.index, cursor};
    ring.members.insert(ring.members.begin(), *index);
    subscription.members.insert(subscription.members.begin(), *index);
    // The publisher learns of a reliable reader before the reader itself can: it must be waited for from its first look on.
    directory_.change<shm::RingEntry>(ring.index, [&](shm::RingEntry& entry) { entry.first_member = *index; });
    directory_.raise_member_epoch(ring.index);
    directory_.change<shm::SubscriptionEntry>(subscription.index, [&](shm::SubscriptionEntry& entry) { entry.first_member = *index; });
    directory_.raise_subscription_epoch(subscription.index);
    return *index;
}

void MemberTable::remove(Ring& ring, Subscription& subscription, std::uint32_t member) {
    auto const in_ring = std::ranges::find(ring.members, member);
    if (in_ring != ring.members.end()) {
        auto const next = in_ring + 1 == ring.members.end() ? shm::kNil : *(in_ring + 1);
        if (in_ring == ring.members.begin()) {
            directory_.change<shm::RingEntry>(ring.index, [&](shm::RingEntry& entry) { entry.first_member = next; });
        } else {
            directory_.change<shm::MemberEntry>(*(in_ring - 1), [&](shm::MemberEntry& entry) { entry.next_in_ring = next; });
        }
        ring.members.erase(in_ring);
        directory_.raise_member_epoch(ring.index);
    }
    auto const in_subscription = std::ranges::find(subscription.members, member);
    if (in_subscription != subscription.members.end()) {
        auto const next = in_subscription + 1 == subscription.members.end() ? shm::kNil : *(in_subscription + 1);
        if (in_subscription == subscription.members.begin()) {
            directory_.change<shm::SubscriptionEntry>(subscription.index,
                                                      [&](shm::SubscriptionEntry& entry) { entry.first_member = next; });
        } else {
            directory_.change<shm::MemberEntry>(*(in_subscription - 1),
                                                [&](shm::MemberEntry& entry) { entry.next_in_subscription = next; });
        }
        subscription.members.erase(in_subscription);
        directory_.raise_subscription_epoch(subscription.index);
    }
    directory_.free<shm::MemberEntry>(member);
    members_.erase(member);
}

std::uint32_t MemberTable::find(Ring const& ring, Subscription const& subscription) const {
    auto const found =
        std::ranges::find_if(ring.members, [&](std::uint32_t member) { return members_.at(member).subscription == subscription.index; });
    return found == ring.members.end() ? shm::kNil : *found;
}

void MemberTable::adopt(std::uint32_t index, shm::MemberEntry const& entry, Ring& ring, Subscription& subscription) {
    members_[index] = {index, ring.index, subscription.index, entry.cursor};
    ring.members.insert(ring.members.begin(), index);
    subscription.members.insert(subscription.members.begin(), index);
}

void MemberTable::relink(Ring const& ring) {
    for (std::size_t place = 0; place < ring.members.size(); ++place) {
        auto const next = place + 1 < ring.members.size() ? ring.members[place + 1] : shm::kNil;
        directory_.change<shm::MemberEntry>(ring.members[place], [&](shm::MemberEntry& entry) { entry.next_in_ring = next; });
    }
    directory_.change<shm::RingEntry>(ring.index, [&](shm::RingEntry& entry) { entry.first_member = head_of(ring.members); });
    directory_.raise_member_epoch(ring.index);
}

void MemberTable::relink(Subscription const& subscription) {
    auto const& members = subscription.members;
    for (std::size_t place = 0; place < members.size(); ++place) {
        auto const next = place + 1 < members.size() ? members[place + 1] : shm::kNil;
        directory_.change<shm::MemberEntry>(members[place], [&](shm::MemberEntry& entry) { entry.next_in_subscription = next; });
    }
    directory_.change<shm::SubscriptionEntry>(subscription.index,
                                              [&](shm::SubscriptionEntry& entry) { entry.first_member = head_of(members); });
    directory_.raise_subscription_epoch(subscription.index);
}

}  // namespace bus::broker
