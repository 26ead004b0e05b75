// The last messages of several rings, by the time they were sent.
#include "client/history_share.hpp"

#include <algorithm>
#include <tuple>

#include "shm/ring_format.hpp"
#include "shm/ring_history.hpp"

namespace bus::client {

namespace {

struct Ring {
    std::uint64_t id;
    bool kept;
    SegmentPtr arena;
    shm::RingView view;
};

// Of several publishers', whoever asks for most is heard; 0, what its ring happens to hold, is most of all.
std::size_t least_of(std::size_t wanted, std::vector<Ring> const& rings) {
    std::uint64_t most = 0;
    for (auto const& ring : rings) {
        if (shm::load_word(&ring.view.head->retain) % 2 == 0) continue;  // its low half; when_full is the other
        auto const history = shm::load_word(&ring.view.head->history);
        if (history == 0) return wanted;
        most = std::max(most, history);
    }
    return most == 0 ? 0 : std::min<std::uint64_t>(wanted, most);
}

void share(std::vector<Ring> const& rings, std::size_t history, std::map<std::uint64_t, std::size_t>& shares) {
    std::vector<std::tuple<std::uint64_t, bool, std::uint64_t, std::uint64_t>> all;
    for (auto const& ring : rings) {
        shares[ring.id] = 0;
        for (auto const& mark : shm::marks_of_last(ring.view, history))
            all.emplace_back(mark.steady_ns, !ring.kept, ring.id, mark.sequence);
    }
    std::ranges::sort(all);
    for (auto at = all.size() > history ? all.size() - history : 0; at < all.size(); ++at) ++shares[std::get<2>(all[at])];
}

}  // namespace

std::map<std::uint64_t, std::size_t> share_history(Core& core, std::vector<shm::Link<shm::MemberEntry>> const& members,
                                                   std::size_t history) {
    std::map<std::uint64_t, std::size_t> shares;
    if (history == 0 || members.size() < 2) return shares;
    std::map<std::uint32_t, std::vector<Ring>> topics;
    for (auto const& link : members) {
        auto const& member = *link.entry;
        auto const entry = core.bus->directory().snapshot<shm::RingEntry>(member.ring);
        if (!entry || (*entry)->ring_id != member.ring_id || member.joined_later == 0) continue;
        auto arena = core.segments.read((*entry)->segment, shm::SegmentKind::arena);
        if (!arena) continue;
        auto const view = shm::open_ring((*arena)->bytes(), (*entry)->offset, member.ring_id);
        if (view) topics[(*entry)->topic].push_back({member.ring_id, (*entry)->kept != 0, std::move(*arena), *view});
    }
    for (auto const& [topic, rings] : topics)
        if (auto const in_all = rings.size() < 2 ? 0 : least_of(history, rings); in_all != 0) share(rings, in_all, shares);
    return shares;
}

}  // namespace bus::client
