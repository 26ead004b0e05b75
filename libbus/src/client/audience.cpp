// Members, attention, bells of one publisher.
#include "client/audience.hpp"

#include <algorithm>

namespace bus::client {

namespace {
constexpr std::uint64_t kNeverSeen = ~std::uint64_t{0};
}

Audience::Audience(Core& core, std::uint32_t ring_index, std::uint64_t ring_id, std::uint32_t topic_index)
    : core_(core),
      entry_(core.bus->directory().live<shm::RingEntry>(ring_index)),
      list_(ring_index, ring_id),
      counter_(shm::attention_of(topic_index)),
      bit_(shm::attention_bit(topic_index)) {}

bool Audience::attend() {
    bool const changed = refresh();
    ring_all();
    return changed;
}

bool Audience::look_around() {
    bool const changed = refresh();
    if (changed) ring_all();
    return changed;
}

bool Audience::refresh() {
    if (!list_.is_stale(entry_->member_epoch)) return false;
    auto const read = list_.refresh(core_.bus->directory(), *this);  // on an error it is stale still: tried again at the next commit
    gone_ = !read && read.error() == Errc::not_found;
    find_users();
    return true;
}

// Sessions and uids without members go; new ones come with a count that was never seen, so that the next look rings.
void Audience::find_users() {
    auto const& members = list_.members();
    std::erase_if(sessions_, [&](Doorbell const& bell) {
        return std::ranges::none_of(members, [&](shm::Member const& member) { return member.session_id == bell.session().id; });
    });
    std::erase_if(users_, [&](User const& user) {
        return std::ranges::none_of(members, [&](shm::Member const& member) { return member.user == user.index; });
    });
    for (auto const& member : members) {
        auto const known = std::ranges::find(users_, member.user, &User::index);
        if (known != users_.end()) {
            known->count = kNeverSeen;
            continue;
        }
        auto segment = core_.peers.attention(member.user);
        if (!segment) continue;
        auto const view = shm::AttentionView::open((*segment)->bytes());
        if (view) users_.push_back({member.user, std::move(*segment), *view, kNeverSeen});
    }
}

// MemberList asks for each member's cursor; the doorbell of its session keeps the mapping.
shm::Cursor const* Audience::cursor(std::uint32_t session, std::uint64_t session_id, std::uint32_t cursor) {
    auto const known = std::ranges::find_if(sessions_, [&](Doorbell const& bell) { return bell.session().id == session_id; });
    if (known != sessions_.end()) return known->cursors().cursor(cursor);
    SessionKey const key{session, session_id};
    auto const entry = core_.peers.entry(key);
    if (!entry) return nullptr;
    auto bell = Doorbell::open(core_, key, (*entry)->uid);
    if (!bell) return nullptr;
    return sessions_.emplace_back(std::move(*bell)).cursors().cursor(cursor);
}

void Audience::ring_all() {
    for (auto& user : users_) user.count = user.view.count(counter_);
    for (auto& session : sessions_) session.ring(bit_);
}

Audience::Floor Audience::floor(std::uint64_t tail) {
    auto const epoch = list_.epoch();
    auto const position = list_.fresh_floor(core_.bus->directory(), *this, tail);
    bool const changed = list_.epoch() != epoch;
    if (changed) {
        find_users();
        ring_all();
    }
    return {position, changed};
}

shm::Member const* Audience::slowest_living() {
    for (;;) {
        auto const* member = list_.slowest();
        if (member == nullptr || core_.peers.lives({member->session, member->session_id})) return member;
        list_.mark_dead(member->session_id);
        (void)list_.floor(0);
    }
}

}  // namespace bus::client
