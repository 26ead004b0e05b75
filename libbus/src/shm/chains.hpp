// Walking the directory's chains from the reader's side: between two looks at the owner's epoch, bounded, again if it changed.
#pragma once

#include <vector>

#include "shm/directory.hpp"

namespace bus::shm {

template <DirectoryEntry E>
struct Link {
    std::uint32_t index;
    Snapshot<E> entry;
};

template <DirectoryEntry E>
struct Chain {
    std::uint64_t epoch = 0;  // of the owner: all of the chain is as of then
    std::vector<Link<E>> links;
};

/// The members of the ring at `ring_index`. `ring_id` makes sure that it is still the same ring.
/// Errors: not_found: the entry is another ring's by now; no_broker: the chain did not come to rest in a bounded time.
Result<Chain<MemberEntry>> members_of_ring(DirectoryView const& directory, std::uint32_t ring_index, std::uint64_t ring_id);

/// The members (one a ring) of the subscription at `index`. Errors: likewise.
Result<Chain<MemberEntry>> members_of_subscription(DirectoryView const& directory, std::uint32_t index, std::uint64_t subscription_id);

/// The rings of the topic at `topic_index`, live and left ones. Errors: likewise.
Result<Chain<RingEntry>> rings_of_topic(DirectoryView const& directory, std::uint32_t topic_index, std::uint64_t topic_id);

}  // namespace bus::shm
