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

bool is_retained(Ring const& ring) {
    return shm::load_word(&ring.view.head->retain) % 2 != 0;  // its low half; when_full is the other
}

// Of several publishers', whoever asks for most is heard; 0, what its ring happens to hold, is most of all.
std::size_t least_of(std::size_t wanted, std::vector<Ring> const& rings) {
    std::uint64_t most = 0;
    for (auto const& ring : rings) {
        auto const history = shm::load_word(&ring.view.head->history);
        if (history == 0) return wanted;
        most = std::max(most, history);
    }
    return std::min<std::uint64_t>(wanted, most);
}

// What is not stamped goes with what stands before it in its ring; a ring without any stamp is taken for the newest.
void share(std::vector<Ring> const& rings, std::size_t history, std::map<std::uint64_t, std::size_t>& shares) {
    std::vector<std::tuple<std::uint64_t, bool, std::uint64_t, std::uint64_t>> all;
    for (auto const& ring : rings) {
        shares[ring.id] = 0;
        std::uint64_t latest = 0;
        for (auto const& mark : shm::marks_of_last(ring.view, history)) {
            latest = std::max(latest, mark.steady_ns);
            all.emplace_back(latest == 0 ? UINT64_MAX : latest, !ring.kept, ring.id, mark.sequence);
        }
    }
    std::ranges::sort(all);
    auto const first = all.size() > history ? all.size() - history : 0;
    for (auto at = first; at < all.size(); ++at) ++shares[std::get<2>(all[at])];
}

// The rings of each topic that has more than one.
std::map<std::uint32_t, std::vector<shm::Snapshot<shm::RingEntry>>> of_several(Core const& core,
                                                                               std::vector<shm::Link<shm::MemberEntry>> const& members) {
    std::map<std::uint32_t, std::vector<shm::Snapshot<shm::RingEntry>>> topics;
    for (auto const& link : members) {
        auto const entry = core.bus->directory().snapshot<shm::RingEntry>(link.entry->ring);
        if (entry && (*entry)->ring_id == link.entry->ring_id && link.entry->joined_later != 0) topics[(*entry)->topic].push_back(*entry);
    }
    std::erase_if(topics, [](auto const& topic) { return topic.second.size() < 2; });
    return topics;
}

}  // namespace

std::map<std::uint64_t, std::size_t> share_history(Core& core, std::vector<shm::Link<shm::MemberEntry>> const& members,
                                                   std::size_t history) {
    std::map<std::uint64_t, std::size_t> shares;
    for (auto const& [topic, entries] : of_several(core, members)) {
        std::vector<Ring> rings;
        for (auto const& entry : entries) {
            auto arena = core.segments.read(entry->segment, shm::SegmentKind::arena);
            if (!arena) continue;
            auto const view = shm::open_ring((*arena)->bytes(), entry->offset, entry->ring_id);
            if (view) rings.push_back({entry->ring_id, entry->kept != 0, std::move(*arena), *view});
        }
        std::erase_if(rings, [](Ring const& ring) { return !is_retained(ring); });
        if (rings.size() < 2) continue;
        auto const in_all = least_of(history == 0 ? SIZE_MAX : history, rings);
        if (in_all != SIZE_MAX) share(rings, in_all, shares);  // else each gives all it has
    }
    return shares;
}

}  // namespace bus::client
