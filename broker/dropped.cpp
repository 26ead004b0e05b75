// What goes with a bus that ends: whose sessions, how many messages that were kept for somebody.
#include <algorithm>
#include <vector>

#include "dump.hpp"
#include "shm/ring_format.hpp"
#include "shm/ring_history.hpp"

namespace bus::broker {
namespace {

constexpr std::size_t kMostNamed = 50;  // of each kind in one line

std::string counted(std::uint64_t count, char const* what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

// " (a, b and 3 more)"
std::string in_brackets(std::vector<std::string> const& names) {
    if (names.empty()) return {};
    std::string text;
    for (std::size_t at = 0; at < std::min(names.size(), kMostNamed); ++at) text += (at == 0 ? " (" : ", ") + names[at];
    if (names.size() > kMostNamed) text += " and " + std::to_string(names.size() - kMostNamed) + " more";
    return text + ")";
}

struct Dropped {
    std::uint64_t retained = 0, unread = 0;
    std::vector<std::string> readers;  // that have not read all of it

    std::string text(std::string const& topic) const {
        auto said = topic;
        if (retained > 0) said += ": " + counted(retained, "message") + " retained";
        if (unread == 0) return said;
        std::string names;
        for (auto const& reader : readers) names += (names.empty() ? "" : ", ") + reader;
        return said + (retained > 0 ? ", " : ": ") + counted(unread, "message") + " that " + names + " had still to read";
    }
};

// By the numbers in the reader's cursor, as `bus topic info` counts them. Who has not attached yet gets all if he was there first, else
// nothing of what is there now.
std::uint64_t unread(State& state, Membership const& member, Subscription const& subscription, shm::RingView const& view) {
    auto* const session = state.sessions.at(subscription.session);
    if (session == nullptr || !session->cursors_mapping) return 0;
    auto const* const cursor = session->cursors_view.cursor(member.cursor);
    if (cursor == nullptr) return 0;
    auto const last = view.head->sequence.load(std::memory_order_relaxed);
    bool const attached = cursor->ring_id.load(std::memory_order_acquire) == view.ring_id;
    if (attached && cursor->position.load(std::memory_order_relaxed) == shm::kClosed) return 0;
    if (!attached && state.directory.own<shm::MemberEntry>(member.index)->joined_later != 0) return 0;
    auto const read = attached ? cursor->sequence.load(std::memory_order_relaxed) : 0;
    return last > read ? last - read : 0;
}

void add(State& state, Ring const& ring, Dropped& dropped) {
    auto* const arena = state.arenas.find(ring.segment);
    if (arena == nullptr) return;
    auto const view = shm::open_ring(std::span<std::byte const>(arena->mapping.bytes()), ring.offset, ring.id);
    if (!view) return;
    if (ring.retain) dropped.retained += shm::marks_of_last(*view, shm::load_word(&view->head->history)).size();
    std::uint64_t most = 0;
    for (auto const index : ring.members) {
        auto const& member = state.members.at(index);
        auto const& subscription = state.subscriptions.at(member.subscription);
        if (subscription.kind != shm::ReaderKind::reliable) continue;
        auto const count = unread(state, member, subscription, *view);
        if (count == 0) continue;
        most = std::max(most, count);
        auto const& name = state.sessions.at(subscription.session)->name;
        if (std::ranges::find(dropped.readers, name) == dropped.readers.end()) dropped.readers.push_back(name);
    }
    dropped.unread += most;
}

}  // namespace

std::string what_is_dropped(State& state) {
    std::vector<std::string> sessions, topics;
    for (auto const& [index, session] : state.sessions.all()) sessions.push_back(session->name);
    for (auto const& [index, topic] : state.topics.all()) {
        Dropped dropped;
        for (auto const ring : topic->rings) add(state, state.rings.at(ring), dropped);
        topics.push_back(dropped.text(topic->name));
    }
    return counted(sessions.size(), "session") + in_brackets(sessions) + ", " + counted(topics.size(), "topic") + in_brackets(topics);
}

}  // namespace bus::broker
