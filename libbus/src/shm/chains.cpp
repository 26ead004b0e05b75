// Chains are walked between two equal looks at the owner's epoch. A change that is under way may be half seen: its epoch is raised
// afterwards, so whoever compares epochs looks again.
#include "shm/chains.hpp"

#include <string>

#include "shm/memory.hpp"

namespace bus::shm {

namespace {

constexpr int kTries = 32;

/// One try. `first` reads the owner's link, or says why there is no owner; `belongs` guards against an entry that was freed and used anew.
template <class E, class First, class Belongs, class Next>
Result<std::optional<Chain<E>>> try_walk(DirectoryView const& directory, std::atomic<std::uint64_t> const& epoch, First&& first,
                                         Belongs&& belongs, Next&& next) {
    Chain<E> chain;
    chain.epoch = epoch.load(std::memory_order_acquire);  // partner: DirectoryWriter::raise
    Result<std::uint32_t> const start = first();
    if (!start) return start.error();
    std::uint32_t steps = 0;
    for (std::uint32_t index = *start; index != kNil;) {
        auto entry = directory.snapshot<E>(index);
        if (!entry) return entry.error() == Errc::not_found ? Result<std::optional<Chain<E>>>(std::nullopt) : entry.error();
        if (++steps > directory.capacity<E>() || !entry->in_use() || !belongs(**entry)) return std::nullopt;
        std::uint32_t const following = next(**entry);
        chain.links.push_back({index, std::move(*entry)});
        index = following;
    }
    DefaultMemory::acquire_fence();
    if (epoch.load(std::memory_order_relaxed) != chain.epoch) return std::nullopt;
    return chain;
}

template <class E, class... Steps>
Result<Chain<E>> walk(DirectoryView const& directory, std::atomic<std::uint64_t> const& epoch, std::string const& owner, Steps&&... steps) {
    for (int attempt = 0; attempt < kTries; ++attempt) {
        auto chain = try_walk<E>(directory, epoch, steps...);
        if (!chain) return chain.error();
        if (*chain) return std::move(**chain);
        cpu_relax();
    }
    return Error(Errc::no_broker, "the list of " + owner + " did not come to rest: busd died, or is stopped, while it changed it",
                 "start busd again: it mends the directory");
}

Error gone(std::string const& what, std::uint32_t index) {
    return {Errc::not_found, what + " is no longer at entry " + std::to_string(index) + " of the directory"};
}

}  // namespace

Result<Chain<MemberEntry>> members_of_ring(DirectoryView const& directory, std::uint32_t ring_index, std::uint64_t ring_id) {
    RingEntry const* const ring = directory.live<RingEntry>(ring_index);
    std::string const name = "ring " + std::to_string(ring_id);
    if (ring == nullptr) return gone(name, ring_index);
    auto const first = [&]() -> Result<std::uint32_t> {
        auto const entry = directory.snapshot<RingEntry>(ring_index);
        if (!entry) return entry.error();
        if (!entry->in_use() || (*entry)->ring_id != ring_id) return gone(name, ring_index);
        return (*entry)->first_member;
    };
    return walk<MemberEntry>(
        directory, ring->member_epoch, name + "'s members", first, [&](MemberEntry const& member) { return member.ring_id == ring_id; },
        [](MemberEntry const& member) { return member.next_in_ring; });
}

Result<Chain<MemberEntry>> members_of_subscription(DirectoryView const& directory, std::uint32_t index, std::uint64_t subscription_id) {
    SubscriptionEntry const* const subscription = directory.live<SubscriptionEntry>(index);
    std::string const name = "subscription " + std::to_string(subscription_id);
    if (subscription == nullptr) return gone(name, index);
    auto const first = [&]() -> Result<std::uint32_t> {
        auto const entry = directory.snapshot<SubscriptionEntry>(index);
        if (!entry) return entry.error();
        if (!entry->in_use() || (*entry)->subscription_id != subscription_id) return gone(name, index);
        return (*entry)->first_member;
    };
    return walk<MemberEntry>(
        directory, subscription->epoch, name + "'s rings", first,
        [&](MemberEntry const& member) { return member.subscription_id == subscription_id; },
        [](MemberEntry const& member) { return member.next_in_subscription; });
}

Result<Chain<RingEntry>> rings_of_topic(DirectoryView const& directory, std::uint32_t topic_index, std::uint64_t topic_id) {
    TopicEntry const* const topic = directory.live<TopicEntry>(topic_index);
    std::string const name = "topic " + std::to_string(topic_id);
    if (topic == nullptr) return gone(name, topic_index);
    auto const first = [&]() -> Result<std::uint32_t> {
        auto const entry = directory.snapshot<TopicEntry>(topic_index);
        if (!entry) return entry.error();
        if (!entry->in_use() || (*entry)->topic_id != topic_id) return gone(name, topic_index);
        return (*entry)->first_ring;
    };
    return walk<RingEntry>(
        directory, topic->epoch, name + "'s rings", first, [&](RingEntry const& ring) { return ring.topic == topic_index; },
        [](RingEntry const& ring) { return ring.next_in_topic; });
}

}  // namespace bus::shm
