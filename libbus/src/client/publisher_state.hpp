// Behind a Publisher: its ring's writer, its audience, its options. How a message gets into the ring: docs/shared-memory.md#ring
//
// Threads: any; everything below `lock` is used by its holder. A loan holds the lock as long as it is out (BusyLock::lend).
// Crash:   RingWriter says what a death in the middle of a publish leaves: nothing visible. A death between commit and bell leaves sleepers
//          to busd and to their second look.
// Life:    kept by the Publisher and its Loan; the last one that goes tells busd that the ring has no publisher any more.
#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <bus/publisher.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "client/audience.hpp"
#include "client/busy_lock.hpp"
#include "client/carry_over.hpp"
#include "client/connection_state.hpp"
#include "client/data_side.hpp"
#include "client/heat.hpp"
#include "client/source.hpp"
#include "client/spin.hpp"
#include "client/stamper.hpp"
#include "client/waiting.hpp"
#include "shm/ring_format.hpp"
#include "shm/ring_writer.hpp"

namespace bus::client {

class PublisherState final : public Surrounded {
public:
    struct Ring {
        std::uint32_t index;  // of the RingEntry
        std::uint32_t topic;  // of the TopicEntry
        SegmentPtr arena;
        shm::WritableRing ring;
    };
    /// A ring of our own for that topic in that session. Errors: those of the request; conflict: it has gone already.
    static Result<Ring> make_ring(Core& core, std::string_view topic, PublisherOptions const& options, Schema const& schema,
                                  shm::Lineage lineage = {});

    PublisherState(std::shared_ptr<ConnectionState> connection, std::shared_ptr<Core> core, std::string_view topic,
                   PublisherOptions const& options, detail::PayloadType const& type, Schema schema, Ring ring);
    PublisherState(PublisherState const&) = delete;
    PublisherState& operator=(PublisherState const&) = delete;
    ~PublisherState() override;

    Result<std::uint64_t> publish(google::protobuf::MessageLite const& message, PublishOptions const* options);
    Result<std::uint64_t> publish(std::span<std::byte const> bytes, PublishOptions const* options);
    Result<std::uint64_t> publish(detail::Batch const& batch);
    /// For Publisher<Any>. Errors: schema_mismatch: the publisher's schema has another type.
    Result<void> check_type(google::protobuf::Message const& message) const;

    Result<std::span<std::byte>> borrow(std::size_t bytes);
    Result<std::uint64_t> commit_loan(std::size_t used_bytes);
    void cancel_loan() noexcept;

    Result<void> wait_for_subscribers(std::size_t count, sys::Deadline deadline, std::stop_token const& stop);
    std::size_t subscribers() noexcept;
    std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
    std::uint64_t evicted() const noexcept { return evicted_.load(std::memory_order_relaxed); }
    std::size_t max_message_bytes() const noexcept { return max_bytes_; }
    PublisherId id() const noexcept { return id_.load(std::memory_order_relaxed); }
    std::string const& topic() const noexcept { return topic_; }
    void end() noexcept { ended_.store(true, std::memory_order_relaxed); }
    void look_around() override { (void)subscribers(); }

private:
    class Room;  // publisher_room.cpp: waiting until a reader has moved on
    struct Leave;

    /// For good.
    bool is_over() const noexcept { return ended_.load(std::memory_order_relaxed) || guard_.in_child(); }
    /// As far as can be seen without the lock; a ring that was taken away is another one's where the session has ended too.
    bool is_closed() const noexcept { return is_over() || taken_away_.load(std::memory_order_relaxed); }
    [[gnu::cold, gnu::noinline]] Error closed();
    [[gnu::cold, gnu::noinline]] Error closed_locked() const;
    [[gnu::cold, gnu::noinline]] Error too_large(std::size_t bytes) const;
    /// Takes the lock. Returns: false, without it: closed, lent out, or something has changed that is to be looked at first.
    bool try_enter() noexcept {
        if (is_closed() || !lock_.lock_unless_lent()) return false;
        // Before the commit too: what goes into the ring of a session that has ended might find nobody who reads it.
        if (!core_->is_closed() && !audience_->is_stale()) [[likely]]
            return true;
        lock_.unlock();
        return false;
    }
    /// After try_enter() said no. Goes over to another session where ours has ended. Errors: closed; would_block: lent out; as come_back.
    [[gnu::cold, gnu::noinline]] Result<void> enter_slowly();
    /// Under the lock: another ring, in the session that stands in the place of ours, which has ended. Errors: closed; no_broker, timeout:
    /// none serves yet; those of make_ring.
    [[gnu::cold, gnu::noinline]] Result<void> come_back(sys::Deadline deadline);
    void go_over_to(std::shared_ptr<Core> fresh, Ring ring, CarryOver const& kept);
    /// For the ring that comes after this one, and begins with `kept`. Nothing is numbered here any more: the lock is held until that one
    /// is there.
    shm::Lineage continued_lineage(CarryOver const& kept) const noexcept {
        return {lineage_.id, lineage_.numbered_before + writer_.sequence() - kept.numbers(), kept.numbers()};
    }
    sys::Deadline patience() const noexcept;
    void leave() noexcept { lock_.unlock(); }

    /// Room for a record, or null: the message is dropped, its number used up. Errors: as publish.
    Result<std::byte*> reserve(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
        if (auto* const to = writer_.try_reserve(bytes, extension_bytes, alignment)) [[likely]]
            return to;
        return reserve_slowly(bytes, extension_bytes, alignment);
    }
    [[gnu::cold, gnu::noinline]] Result<std::byte*> reserve_slowly(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment);
    Result<std::byte*> wait_for_room(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment);
    bool evict_the_slowest();
    void note_holdups(sys::Deadline now);
    std::uint64_t floor(std::uint64_t tail);
    std::byte* try_after_refresh(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment);
    template <class Fill>
    Result<std::uint64_t> publish_with(std::size_t bytes, PublishOptions const* options, Fill&& fill);
    std::uint64_t commit(std::size_t used_bytes);
    Result<std::uint64_t> append_all(detail::Batch const& batch);
    void after_commit();
    [[gnu::noinline]] void attend();
    void noticed(bool changed);
    void count_ready();

    std::shared_ptr<ConnectionState> connection_;
    std::shared_ptr<Core> core_;  // changed under the lock
    sys::ForkGuard const guard_;
    std::string topic_;
    PublisherOptions options_;
    Schema schema_;
    std::size_t plain_bytes_;  // of a plain struct, else 0
    std::size_t max_bytes_;
    std::atomic<PublisherId> id_;
    SegmentPtr arena_;
    SegmentPtr former_arena_;  // of the session before, where a reader may still come for it
    std::atomic<bool> ended_{false}, taken_away_{false};
    std::atomic<std::uint64_t> dropped_{0}, evicted_{0};
    std::atomic<std::size_t> ready_{0};

    BusyLock lock_;
    shm::RingWriter<> writer_;
    std::optional<Audience> audience_;  // always there
    shm::Lineage lineage_;
    std::uint64_t dropped_before_ = 0;  // in rings of sessions that have ended
    std::size_t to_come_ = 0;           // reliable readers of the ring before, who are about to come over
    sys::Deadline to_come_until_{};
    Stamper stamper_;
    Heat heat_;
    Spin spin_;
    std::uint64_t waited_ns_ = 0;
    struct Holdup {  // a reliable reader, where it stood when there was no room, and since when
        std::uint64_t subscription_id = 0, position = 0;
        sys::Deadline since;
    };
    std::vector<Holdup> holdups_;   // where evict_after is set, and only since room was last found
    std::uint64_t holdups_at_ = 0;  // our tail then
};

}  // namespace bus::client
