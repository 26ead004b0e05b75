// The directory copied at one go: what introspection looks through. Made for tools, who can afford it; the data path never makes one.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "shm/directory.hpp"

namespace bus::client {

template <class E>
struct Place {
    std::uint32_t index;
    shm::Snapshot<E> entry;
    E const* operator->() const noexcept { return &*entry; }
};

/// All entries in use of one table; those that were being changed all the time are left out.
template <class E>
std::vector<Place<E>> all_of(shm::DirectoryView const& directory) {
    std::vector<Place<E>> places;
    directory.each<E>([&](std::uint32_t index, shm::Snapshot<E> const& entry) {
        places.push_back({index, entry});
        return true;
    });
    return places;
}

/// Places by a number of theirs, several of one number too.
template <class E>
using PlacesBy = std::unordered_map<std::uint32_t, std::vector<Place<E> const*>>;

template <class E, class Number>
PlacesBy<E> by(std::vector<Place<E>> const& places, Number number) {
    PlacesBy<E> found;
    for (auto const& place : places) found[number(place)].push_back(&place);
    return found;
}

/// What belongs together is found by maps that are made once: with thousands of topics nobody looks through all for each.
struct Picture {
    explicit Picture(shm::DirectoryView const& directory)
        : sessions(all_of<shm::SessionEntry>(directory)),
          topics(all_of<shm::TopicEntry>(directory)),
          rings(all_of<shm::RingEntry>(directory)),
          subscriptions(all_of<shm::SubscriptionEntry>(directory)),
          members(all_of<shm::MemberEntry>(directory)),
          topics_by_index_(by(topics, [](auto const& one) { return one.index; })),
          rings_by_index_(by(rings, [](auto const& one) { return one.index; })),
          rings_by_topic_(by(rings, [](auto const& one) { return one->topic; })),
          members_by_ring_(by(members, [](auto const& one) { return one->ring; })),
          members_by_subscription_(by(members, [](auto const& one) { return one->subscription; })) {
        for (auto const& one : sessions) sessions_by_id_.emplace(one->session_id, &one);
    }
    Picture(Picture const&) = delete;
    Picture& operator=(Picture const&) = delete;

    std::vector<Place<shm::SessionEntry>> sessions;
    std::vector<Place<shm::TopicEntry>> topics;
    std::vector<Place<shm::RingEntry>> rings;
    std::vector<Place<shm::SubscriptionEntry>> subscriptions;
    std::vector<Place<shm::MemberEntry>> members;

    /// Null: it has ended.
    Place<shm::SessionEntry> const* session(std::uint64_t id) const {
        auto const found = sessions_by_id_.find(id);
        return found == sessions_by_id_.end() ? nullptr : found->second;
    }
    /// Null: it is gone.
    Place<shm::TopicEntry> const* topic(std::uint32_t index) const {
        auto const& found = of(topics_by_index_, index);
        return found.empty() ? nullptr : found.front();
    }
    /// Null: it is gone.
    Place<shm::RingEntry> const* ring_of(shm::MemberEntry const& member) const {
        auto const& found = of(rings_by_index_, member.ring);
        return found.empty() || (*found.front())->ring_id != member.ring_id ? nullptr : found.front();
    }
    std::vector<Place<shm::RingEntry> const*> const& rings_of_topic(std::uint32_t topic) const { return of(rings_by_topic_, topic); }
    /// Not all of them need be of the ring or subscription that is there now: their ids tell.
    std::vector<Place<shm::MemberEntry> const*> const& members_of_ring(std::uint32_t ring) const { return of(members_by_ring_, ring); }
    std::vector<Place<shm::MemberEntry> const*> const& members_of_subscription(std::uint32_t subscription) const {
        return of(members_by_subscription_, subscription);
    }

private:
    template <class E>
    static std::vector<Place<E> const*> const& of(PlacesBy<E> const& all, std::uint32_t number) {
        static std::vector<Place<E> const*> const none;
        auto const found = all.find(number);
        return found == all.end() ? none : found->second;
    }

    std::unordered_map<std::uint64_t, Place<shm::SessionEntry> const*> sessions_by_id_;
    PlacesBy<shm::TopicEntry> topics_by_index_;
    PlacesBy<shm::RingEntry> rings_by_index_, rings_by_topic_;
    PlacesBy<shm::MemberEntry> members_by_ring_, members_by_subscription_;
};

}  // namespace bus::client
