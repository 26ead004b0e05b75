// The members of a ring, as its publisher counts them.
#include "shm/members.hpp"

#include <algorithm>

#include "shm/memory.hpp"

namespace bus::shm {

namespace {

Member made_from(Link<MemberEntry> const& link) {
    MemberEntry const& entry = *link.entry;
    Member member;
    member.index = link.index;
    member.subscription_id = entry.subscription_id;
    member.session = entry.session;
    member.session_id = entry.session_id;
    member.kind = entry.kind;
    member.start = entry.joined_later != 0 ? kClosed : entry.start;
    member.cursor_index = entry.cursor;
    return member;
}

}  // namespace

Result<void> MemberList::refresh(DirectoryView const& directory, CursorSource& cursors) {
    auto chain = members_of_ring(directory, ring_index_, ring_id_);
    if (!chain) return chain.error();
    std::vector<Member> fresh;
    fresh.reserve(chain->links.size());
    for (auto const& link : chain->links) {
        Member member = made_from(link);
        auto const known = std::find_if(members_.begin(), members_.end(), [&](Member const& other) {
            return other.index == member.index && other.subscription_id == member.subscription_id;
        });
        if (known != members_.end()) {
            member = *known;
        } else if (auto const session = directory.snapshot<SessionEntry>(member.session);
                   session && (*session)->session_id == member.session_id) {
            member.user = (*session)->user;
            member.uid = (*session)->uid;
        }
        if (member.cursor == nullptr) member.cursor = cursors.cursor(member.session, member.session_id, member.cursor_index);
        fresh.push_back(member);
    }
    members_ = std::move(fresh);
    epoch_ = chain->epoch;
    return {};
}

void MemberList::look_at(Member& member) const noexcept {
    auto const position = member.cursor == nullptr ? std::nullopt : position_of(*member.cursor, ring_id_);
    member.attached = position && *position != kClosed;
    member.counted = position.value_or(member.start);
}

std::uint64_t MemberList::floor(std::uint64_t tail) noexcept {
    std::uint64_t least = tail;
    for (Member& member : members_) {
        if (!member.is_waited_for()) continue;
        look_at(member);
        least = std::min(least, member.counted);
    }
    return least;
}

// Cursors first, then the epoch: who was made a member before that look stands in the list, who comes later sees the limit we told.
std::uint64_t MemberList::fresh_floor(DirectoryView const& directory, CursorSource& cursors, std::uint64_t tail) {
    constexpr int kTries = 16;
    RingEntry const* const ring = directory.live<RingEntry>(ring_index_);
    for (int attempt = 0; ring != nullptr && attempt < kTries; ++attempt) {
        if (is_stale(ring->member_epoch) && !refresh(directory, cursors)) return 0;
        std::uint64_t const least = floor(tail);
        DefaultMemory::acquire_fence();
        if (!is_stale(ring->member_epoch)) return least;
    }
    return 0;
}

Member const* MemberList::slowest() const noexcept {
    Member const* slowest = nullptr;
    for (Member const& member : members_) {
        if (!member.is_waited_for() || member.counted == kClosed) continue;
        if (slowest == nullptr || member.counted < slowest->counted) slowest = &member;
    }
    return slowest;
}

void MemberList::mark_dead(std::uint64_t session_id) noexcept {
    for (Member& member : members_)
        if (member.session_id == session_id) member.dead = true;
}

void MemberList::mark_evicted(std::uint64_t subscription_id) noexcept {
    for (Member& member : members_)
        if (member.subscription_id == subscription_id) member.evicted = true;
}

std::size_t MemberList::ready_count() noexcept {
    std::size_t count = 0;
    for (Member& member : members_) {
        look_at(member);
        count += member.counted != kClosed && !member.dead;
    }
    return count;
}

}  // namespace bus::shm
