// One ring as one subscription reads it: mapping, cursor, reader, and the way back to its publisher.
//
// Life: from the moment the subscriber sees its membership in the directory until the ring's publisher has left and all of it was read
// (then busd is told: DetachRing), or the membership has gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "client/doorbell.hpp"
#include "client/held_room.hpp"
#include "client/sample_pool.hpp"
#include "shm/ring_format.hpp"
#include "shm/ring_reader.hpp"

namespace bus::client {

/// Threads: one at a time (the subscriber's lock).
class Inlet {
public:
    /// Attaches the ring and the cursor, and finds where to begin. `member` is ours. `share` of the ring's last messages goes before what
    /// `options` say (share_history). `keep` is for the schema of an Any, else null. `all`: of a ring that `options.start` does not know
    /// everything is wanted, and what is gone of it counts as lost: the subscriber was there before, in another session.
    /// Errors: not_permitted: the ring's mode keeps us out; not_found: it has gone; conflict, invalid, limit.
    static Result<std::unique_ptr<Inlet>> attach(Core& core, shm::MemberEntry const& member, SubscriberOptions const& options,
                                                 std::optional<std::size_t> share, std::shared_ptr<Core> keep, bool all);
    Inlet(Inlet const&) = delete;
    Inlet& operator=(Inlet const&) = delete;
    ~Inlet();

    shm::RingReader<>& reader() noexcept { return reader_; }
    shm::RingReader<> const& reader() const noexcept { return reader_; }
    /// Overwritten, or given up by the publisher; what the next message is going to tell too.
    std::uint64_t lost() const noexcept { return reader_.lost() + reader_.dropped_behind(); }
    bool has_news() const noexcept { return reader_.has_news(); }
    /// Messages published and not had yet, as the ring says, but for those that are lost() already.
    std::uint64_t unread() const noexcept {
        auto const last = head().sequence.load(std::memory_order_relaxed), settled = settled_sequence();
        return last <= settled || reader_.dropped_behind() != 0 ? 0 : last - settled;
    }
    /// Of a ring that busd may have taken away, and given its place to another one. 0 where it retains: that is kept for all.
    std::uint64_t unread_of_former() const noexcept { return has_its_place() && head().retain == 0 ? unread() : 0; }
    bool is_unfenced() const noexcept { return head().fenced.load(std::memory_order_relaxed) == 0; }

    /// A reliable reader's message goes out with that sample, which holds its room in the ring until it comes back.
    void lend(PooledSample& sample, shm::Record const& record) noexcept {
        held_->lend(sample, record.begin, record.end);
        cursor_->sequence.store(record.sequence, std::memory_order_relaxed);  // the rest can wait for the reader's own tell()
    }
    /// After a message that goes to nobody, and when nothing was found: tells the cursor, and rings the publisher if it waits for us.
    void let_go() {
        reader_.tell();
        if (held_ != nullptr) held_->read_up_to(reader_.position());
    }
    void ring_publisher();

    /// Looks at the directory. Returns: whether the publisher has left since the last look.
    bool look_whether_it_left();
    bool left() const noexcept { return left_; }
    /// No publisher's, but what a retained topic keeps of those that are gone: each message says whose it was (shm::KeptRecord).
    bool is_kept() const noexcept { return kept_; }
    bool is_drained() const noexcept { return (left_ || has_finished()) && !has_news(); }

    /// Its bus has gone, and we went over to another one. What is still written here comes before what its publisher writes there.
    void stay_behind(sys::Deadline until) noexcept { behind_until_ = until; }
    bool is_behind() const noexcept { return behind_until_ != sys::Deadline{}; }
    /// Of the ring's publisher. Its id is never 0.
    shm::Lineage const& lineage() const noexcept { return lineage_; }
    /// Where a subscriber goes on in another session: the number of the last message it need not have any more; 0: it can't be told.
    std::uint64_t settled_sequence() const noexcept {
        auto const expected = reader_.expected_sequence();
        return expected != 0 ? std::max(expected - 1, reader_.passed_over()) : head().sequence.load(std::memory_order_relaxed);
    }

    /// The same of all the numbers of the lineage, when `rest` more have been had, or count as lost.
    std::uint64_t settled_in_lineage(std::uint64_t rest) const noexcept {
        return lineage_.numbered_before + settled_sequence() + reader_.dropped_behind() + rest;
    }
    bool has_its_place() const noexcept { return head().ring_id == ring_id(); }

    std::shared_ptr<RingIdentity const> const& identity() const noexcept { return identity_; }
    std::uint64_t ring_id() const noexcept { return identity_->publisher; }
    std::uint64_t topic_bit() const noexcept { return bit_; }
    std::uint32_t uid() const noexcept { return uid_; }
    shm::ReaderKind kind() const noexcept { return kind_; }

    std::uint64_t last_sequence = 0;  // delivered; 0: nothing yet
    std::uint64_t unparsed = 0;       // messages that were no T
    std::uint64_t carried_lost = 0;   // lost before one that was not delivered: told with the next
    bool seen = false;                // for the subscriber's refresh
    std::uint32_t settling = 0;       // for the subscriber's settle: it was read lately
    bool active = false;              // for Rota
    std::uint32_t quiet_looks = 0;

private:
    Inlet(Core& core, shm::MemberEntry const& member, shm::RingEntry const& ring, SegmentPtr arena, shm::RingView view,
          shm::Cursor& cursor);
    shm::RingHead const& head() const noexcept { return *reader_.ring().head; }
    /// Nothing more is to be expected of a ring that stayed behind: its publisher says so, or had time enough to go over. Acquire: partner
    /// RingWriter::say_left; has_news() after it sees all there ever was.
    bool has_finished() const noexcept {
        return is_behind() && (head().left.load(std::memory_order_acquire) != 0 || sys::has_passed(behind_until_));
    }
    void begin(shm::MemberEntry const& member, SubscriberOptions const& options, std::optional<std::size_t> share, bool all);

    Core& core_;
    SegmentPtr arena_;
    shm::Cursor* cursor_;
    shm::RingReader<> reader_;
    shm::ReaderKind kind_;
    shm::Lineage lineage_;
    std::shared_ptr<RingIdentity const> identity_;
    std::uint32_t ring_index_;
    SessionKey publisher_;
    std::uint32_t uid_;
    std::uint64_t bit_;
    std::uint64_t own_session_;
    bool left_ = false;
    sys::Deadline behind_until_{};
    bool kept_ = false;
    HeldRoom* held_ = nullptr;      // reliable only; the identity owns it
    std::optional<Doorbell> bell_;  // of the publisher's session; opened when it first waits for us. Used under the lock of held_
};

}  // namespace bus::client
