// Chains are walked along live links between two equal looks at the owner's epoch. A change that is under way may be half seen: its epoch
// is raised afterwards, so whoever compares epochs looks again.
#include "shm/chains.hpp"

#include <string>

#include "shm/memory.hpp"

namespace bus::shm {

namespace {

constexpr int kTries = 32;

/// What makes a chain: the owner's words it hangs on, and how to go on from an entry.
template <class E>
struct Course {
    std::atomic<std::uint64_t> const* epoch;
    std::atomic<std::uint32_t> const* first;
    std::atomic<std::uint32_t> E::*next;
};

/// One try. `belongs` guards against an entry that was freed and used anew. Returns: nothing where the chain moved under our feet.
template <class E, class Belongs>
std::optional<Chain<E>> try_walk(DirectoryView const& directory, Course<E> const& course, Belongs&& belongs) {
    Chain<E> chain;
    chain.epoch = course.epoch->load(std::memory_order_acquire);  // partner: DirectoryWriter::raise
    std::uint32_t steps = 0;
    for (std::uint32_t index = course.first->load(std::memory_order_acquire); index != kNil;) {
        E const* const live = directory.live<E>(index);
        if (live == nullptr || ++steps > directory.capacity<E>()) return std::nullopt;
        if (auto entry = directory.snapshot<E>(index)) {
            if (!entry->in_use() || !belongs(**entry)) return std::nullopt;
            chain.links.push_back({index, std::move(*entry)});
        }  // else torn: whoever it is for was not told of it yet
        index = (live->*course.next).load(std::memory_order_acquire);
    }
    DefaultMemory::acquire_fence();
    if (course.epoch->load(std::memory_order_relaxed) != chain.epoch) return std::nullopt;
    return chain;
}

/// `is_owner` looks whether the owner is still the one that was meant: its id never changes while it lives.
template <class E, class IsOwner, class Belongs>
Result<Chain<E>> walk(DirectoryView const& directory, Course<E> const& course, std::string const& owner, IsOwner&& is_owner,
                      Belongs&& belongs) {
    for (int attempt = 0; attempt < kTries; ++attempt) {
        if (!is_owner()) return Error(Errc::not_found, owner + " is no longer in the directory");
        auto chain = try_walk<E>(directory, course, belongs);
        if (chain && is_owner()) return std::move(*chain);
        cpu_relax();
    }
    return Error(Errc::no_broker, "the directory's list of what belongs to " + owner + " did not come to rest",
                 "busd is stopped in the middle of a change, or broken: try: bus doctor");
}

/// An entry's state and id, without its version: a torn one is still who it is.
bool is_in_use(EntryHead const& head, std::uint64_t const& id, std::uint64_t wanted_id) noexcept {
    return __atomic_load_n(&head.state, __ATOMIC_ACQUIRE) != 0 && load_word(&id) == wanted_id;
}

Error beyond(std::string const& what) { return {Errc::not_found, what + ": there is no such entry in the directory"}; }

}  // namespace

Result<Chain<MemberEntry>> members_of_ring(DirectoryView const& directory, std::uint32_t ring_index, std::uint64_t ring_id) {
    RingEntry const* const ring = directory.live<RingEntry>(ring_index);
    std::string const name = "ring " + std::to_string(ring_id);
    if (ring == nullptr) return beyond(name);
    return walk<MemberEntry>(
        directory, {&ring->member_epoch, &ring->first_member, &MemberEntry::next_in_ring}, name,
        [&] { return is_in_use(ring->head, ring->ring_id, ring_id); },
        [&](MemberEntry const& member) { return member.ring_id == ring_id; });
}

Result<Chain<MemberEntry>> members_of_subscription(DirectoryView const& directory, std::uint32_t index, std::uint64_t subscription_id) {
    SubscriptionEntry const* const subscription = directory.live<SubscriptionEntry>(index);
    std::string const name = "subscription " + std::to_string(subscription_id);
    if (subscription == nullptr) return beyond(name);
    return walk<MemberEntry>(
        directory, {&subscription->epoch, &subscription->first_member, &MemberEntry::next_in_subscription}, name,
        [&] { return is_in_use(subscription->head, subscription->subscription_id, subscription_id); },
        [&](MemberEntry const& member) { return member.subscription_id == subscription_id; });
}

Result<Chain<RingEntry>> rings_of_topic(DirectoryView const& directory, std::uint32_t topic_index, std::uint64_t topic_id) {
    TopicEntry const* const topic = directory.live<TopicEntry>(topic_index);
    std::string const name = "topic " + std::to_string(topic_id);
    if (topic == nullptr) return beyond(name);
    return walk<RingEntry>(
        directory, {&topic->epoch, &topic->first_ring, &RingEntry::next_in_topic}, name,
        [&] { return is_in_use(topic->head, topic->topic_id, topic_id); },
        [&](RingEntry const& ring) { return ring.topic == topic_index; });
}

}  // namespace bus::shm
