// The directory copied at one go: what introspection looks through. Made for tools, who can afford it; the data path never makes one.
#pragma once

#include <map>
#include <string>
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

struct Picture {
    explicit Picture(shm::DirectoryView const& directory)
        : sessions(all_of<shm::SessionEntry>(directory)),
          topics(all_of<shm::TopicEntry>(directory)),
          rings(all_of<shm::RingEntry>(directory)),
          subscriptions(all_of<shm::SubscriptionEntry>(directory)),
          members(all_of<shm::MemberEntry>(directory)) {}

    std::vector<Place<shm::SessionEntry>> sessions;
    std::vector<Place<shm::TopicEntry>> topics;
    std::vector<Place<shm::RingEntry>> rings;
    std::vector<Place<shm::SubscriptionEntry>> subscriptions;
    std::vector<Place<shm::MemberEntry>> members;

    /// Null: it has ended.
    Place<shm::SessionEntry> const* session(std::uint64_t id) const {
        for (auto const& one : sessions)
            if (one->session_id == id) return &one;
        return nullptr;
    }
    /// Null: it is gone.
    Place<shm::TopicEntry> const* topic(std::uint32_t index) const {
        for (auto const& one : topics)
            if (one.index == index) return &one;
        return nullptr;
    }
    /// Null: it is gone.
    Place<shm::RingEntry> const* ring_of(shm::MemberEntry const& member) const {
        for (auto const& one : rings)
            if (one.index == member.ring && one->ring_id == member.ring_id) return &one;
        return nullptr;
    }
};

}  // namespace bus::client
