// A publisher's private list of those who read its ring, made anew when the ring's member epoch has changed.
//
// How another session's cursor segment gets mapped is the caller's business (CursorSource). Where a reliable member holds the publisher up:
// at its cursor's position while the cursor stands for this ring (kClosed: nowhere). Until then one that was there before the ring counts
// at its start, one that joined later not at all: it looks at the limit itself when it attaches (docs/models.md, join).
#pragma once

#include <bus/error.hpp>
#include <functional>
#include <vector>

#include "shm/chains.hpp"
#include "shm/cursors.hpp"

namespace bus::shm {

/// Finds cursors of other sessions; made by the client (segment cache), or by a test.
class CursorSource {
public:
    virtual ~CursorSource() = default;
    /// The cursor `cursor` of that session, mapped as long as a MemberList that got it holds the session; null: can't be reached.
    virtual Cursor const* cursor(std::uint32_t session, std::uint64_t session_id, std::uint32_t cursor) = 0;
};

struct Member {
    std::uint32_t index = 0;  // of its MemberEntry
    std::uint64_t subscription_id = 0;
    std::uint32_t session = 0;
    std::uint64_t session_id = 0;
    std::uint32_t user = kNil;  // index of the UserEntry, kNil: not known
    std::uint32_t uid = 0;
    ReaderKind kind = ReaderKind::best_effort;
    std::uint64_t start = kClosed;  // where it counts until it is attached
    std::uint32_t cursor_index = 0;
    Cursor const* cursor = nullptr;
    bool dead = false;     // mark_dead(): it no longer holds the publisher up
    bool evicted = false;  // mark_evicted(): neither does it, though it lives and reads
    bool is_waited_for() const noexcept { return kind == ReaderKind::reliable && !dead && !evicted; }

    // As of the last look at its cursor.
    std::uint64_t counted = kClosed;  // where it stands; kClosed: it holds nobody up
    bool attached = false;
};

class MemberList {
public:
    MemberList() = default;
    MemberList(std::uint32_t ring_index, std::uint64_t ring_id) : ring_index_(ring_index), ring_id_(ring_id) {}

    /// Whether the ring's members changed since refresh(): one load, for after each commit. `member_epoch` of the RingEntry.
    bool is_stale(std::atomic<std::uint64_t> const& member_epoch) const noexcept {
        return member_epoch.load(std::memory_order_acquire) != epoch_;
    }

    /// Reads the chain anew and keeps what it knew of members that stayed. On an error the list is as it was, and stale still.
    /// Errors: as members_of_ring.
    Result<void> refresh(DirectoryView const& directory, CursorSource& cursors);

    /// The least position of the living reliable members; `tail` where there are none. Looks at every cursor.
    std::uint64_t floor(std::uint64_t tail) noexcept;

    /// What RingWriter::refresh_limit() asks: the floor by a list that was not stale when the floor was known.
    /// Returns: 0, which raises no limit, where the members can't be read just now.
    std::uint64_t fresh_floor(DirectoryView const& directory, CursorSource& cursors, std::uint64_t tail);

    /// The living reliable member that stands furthest behind, as of the last floor(); null: none is waited for.
    Member const* slowest() const noexcept;

    /// Its token says that it died: it stops counting at once. Lasts until the member leaves the directory.
    void mark_dead(std::uint64_t session_id) noexcept;
    /// It is too slow for the publisher: from the next floor() on it is overrun like a best-effort reader. Lasts likewise.
    void mark_evicted(std::uint64_t subscription_id) noexcept;

    /// Members that get the next message, observers included: whose cursors stand for this ring by now, and those that were there before
    /// the ring, which begin at 0 whenever they attach. What wait_for_subscribers counts.
    std::size_t ready_count() noexcept;

    std::vector<Member> const& members() const noexcept { return members_; }
    std::uint64_t epoch() const noexcept { return epoch_; }
    std::uint64_t ring_id() const noexcept { return ring_id_; }

private:
    void look_at(Member& member) const noexcept;

    std::uint32_t ring_index_ = kNil;
    std::uint64_t ring_id_ = 0;
    std::uint64_t epoch_ = ~std::uint64_t{0};  // of what is in the list; never an epoch of a ring
    std::vector<Member> members_;
};

}  // namespace bus::shm
