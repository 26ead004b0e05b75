// Who lost how many messages of whom: by the cursors of the readers there are, and by the sums busd keeps of those that are gone.
#include <algorithm>
#include <bus/name.hpp>
#include <tuple>

#include "client/look.hpp"
#include "client/loss_reasons.hpp"

namespace bus::client {

std::string Look::reason(shm::MemberEntry const& member, shm::RingEntry const& entry) const {
    SegmentPtr keep;
    auto const view = ring(entry, keep);
    bool const may_be_dropped = !view || view->head->dropped.load(std::memory_order_relaxed) != 0;
    if (member.kind == shm::ReaderKind::reliable) return may_be_dropped ? kGivenUp : kTooSlowOrLate;
    return view && may_be_dropped ? kOverwrittenOrGivenUp : kOverwritten;
}

Result<std::vector<LossInfo>> Look::losses(std::string_view pattern) const {
    if (auto checked = check_pattern(pattern); !checked) return checked.error();
    Picture const picture(bus_.directory());
    std::vector<LossInfo> losses;
    for (auto const& member : picture.members) {
        auto const* const of_ring = picture.ring_of(*member.entry);
        auto const* const topic = of_ring == nullptr ? nullptr : picture.topic((*of_ring)->topic);
        if (topic == nullptr || !matches(pattern, shm::text((*topic)->name))) continue;
        auto const lost = reader(*member.entry).lost;
        if (lost == 0) continue;
        LossInfo info{.topic = std::string(shm::text((*topic)->name)), .publisher = member->ring_id, .count = lost};
        info.subscription = member->subscription_id;
        info.client = member->session_id;
        if (auto const* const session = picture.session(info.client)) info.identity = identity(*session->entry);
        info.why = reason(*member.entry, *of_ring->entry);
        losses.push_back(std::move(info));
    }
    for (auto const& topic : picture.topics)
        if (topic->lost != 0 && matches(pattern, shm::text(topic->name)))
            losses.push_back({.topic = std::string(shm::text(topic->name)), .count = topic->lost, .why = kOfThoseGone});
    std::ranges::sort(losses, {}, [](LossInfo const& one) {
        return std::tuple<std::string_view, bool, PublisherId, std::uint64_t>(one.topic, one.subscription == 0, one.publisher,
                                                                              one.subscription);
    });
    return losses;
}

}  // namespace bus::client
