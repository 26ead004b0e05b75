// Who reads one publisher's ring: whom it waits for, whom it wakes.
//
// After each commit (and the fence that belongs to it) has_news() compares the ring's member epoch and the attention counter of each uid
// that reads with private copies: usually two loads. On a change the members are read again, and sleepers are rung.
// The copy of a counter is taken before the sleepers are looked at: who raises it later is seen by the next look.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "client/doorbell.hpp"
#include "shm/members.hpp"

namespace bus::client {

/// Threads: one at a time (the publisher's lock).
class Audience : shm::CursorSource {
public:
    Audience(Core& core, std::uint32_t ring_index, std::uint64_t ring_id, std::uint32_t topic_index);
    Audience(Audience const&) = delete;
    Audience& operator=(Audience const&) = delete;
    ~Audience() override = default;

    /// Partner of the fence before it: the one in shm::Sleeper::fall_asleep (or the sleeper's membarrier).
    bool has_news() const noexcept {
        if (is_stale()) return true;
        for (auto const& user : users_)
            if (user.view.count(counter_) != user.count) return true;
        return false;
    }
    /// Whether the members have changed, or our session has ended, since they were read: one load.
    bool is_stale() const noexcept { return list_.is_stale(entry_->member_epoch); }
    /// Reads the members again if they changed, rings whoever sleeps. What can't be read now is tried again at the next commit.
    /// Returns: whether they changed; also when our session has ended.
    bool attend();
    /// The same for who has published nothing: rings only where the members changed. Else two who look at each other never sleep.
    bool look_around();

    struct Floor {
        std::uint64_t position;
        bool changed;  // as attend() returns it, which finds nothing new after this
    };
    /// For RingWriter::refresh_limit (docs/models.md, join: P1, P2, P6).
    Floor floor(std::uint64_t tail);
    /// Who holds us up, as of the last floor(); null: nobody. Whose token says he is dead does not count from here on.
    shm::Member const* slowest_living();
    /// That reliable reader is waited for no more.
    void evict(std::uint64_t subscription_id) noexcept { list_.mark_evicted(subscription_id); }

    /// Reliable readers whose cursors stood in the ring at the last floor(), but for the dead and the evicted.
    std::size_t count_waited_for() const noexcept {
        return static_cast<std::size_t>(
            std::ranges::count_if(list_.members(), [](auto const& member) { return member.is_waited_for() && member.attached; }));
    }
    /// Whether the ring was made for somebody who has not come for it yet.
    bool has_unattached() noexcept {
        (void)list_.ready_count();  // looks at every cursor
        return std::ranges::any_of(list_.members(), [](auto const& member) { return !member.attached && member.counted != shm::kClosed; });
    }
    std::size_t ready_count() noexcept { return list_.ready_count(); }
    std::vector<shm::Member> const& members() const noexcept { return list_.members(); }
    /// busd took the ring away: nobody reads it any more.
    bool is_gone() const noexcept { return gone_; }
    std::uint64_t topic_bit() const noexcept { return bit_; }

private:
    struct User {
        std::uint32_t index;  // of its UserEntry
        SegmentPtr segment;
        shm::AttentionView view;
        std::uint64_t count;
    };

    bool refresh();
    void find_users();
    shm::Cursor const* cursor(std::uint32_t session, std::uint64_t session_id, std::uint32_t cursor) override;
    void ring_all();

    Core& core_;
    shm::RingEntry const* entry_;
    shm::MemberList list_;
    bool gone_ = false;
    std::uint32_t counter_;
    std::uint64_t bit_;
    std::vector<Doorbell> sessions_;
    std::vector<User> users_;
};

}  // namespace bus::client
