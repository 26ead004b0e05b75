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
#include <vector>

#include "client/audience.hpp"
#include "client/busy_lock.hpp"
#include "client/data_side.hpp"
#include "client/heat.hpp"
#include "client/source.hpp"
#include "client/spin.hpp"
#include "client/stamper.hpp"
#include "client/waiting.hpp"
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
    PublisherState(std::shared_ptr<Core> core, std::string_view topic, PublisherOptions const& options, detail::PayloadType const& type,
                   Ring ring);
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
    PublisherId id() const noexcept { return id_; }
    std::string const& topic() const noexcept { return topic_; }
    void end() noexcept { ended_.store(true, std::memory_order_relaxed); }
    void look_around() override { (void)subscribers(); }

private:
    class Room;  // publisher_room.cpp: waiting until a reader has moved on
    struct Leave;

    bool is_closed() const noexcept {
        return ended_.load(std::memory_order_relaxed) || taken_away_.load(std::memory_order_relaxed) || core_->is_closed();
    }
    [[gnu::cold, gnu::noinline]] Error closed() const;
    [[gnu::cold, gnu::noinline]] Error too_large(std::size_t bytes) const;
    bool try_enter() noexcept { return !is_closed() && lock_.lock_unless_lent(); }
    [[gnu::cold, gnu::noinline]] Error refused() const;  // why not
    void leave() noexcept { lock_.unlock(); }

    /// Room for a record, or null: the message is dropped, its number used up. Errors: as publish.
    Result<std::byte*> reserve(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
        if (auto* const to = writer_.try_reserve(bytes, extension_bytes, alignment)) [[likely]]
            return to;
        return reserve_slowly(bytes, extension_bytes, alignment);
    }
    [[gnu::cold, gnu::noinline]] Result<std::byte*> reserve_slowly(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment);
    bool evict_the_slowest();
    void note_holdups(sys::Deadline now);
    std::byte* try_after_refresh(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment);
    template <class Fill>
    Result<std::uint64_t> publish_with(std::size_t bytes, PublishOptions const* options, Fill&& fill);
    std::uint64_t commit(std::size_t used_bytes);
    Result<std::uint64_t> append_all(detail::Batch const& batch);
    void after_commit();
    [[gnu::noinline]] void attend();
    void noticed(bool changed);
    void count_ready();

    std::shared_ptr<Core> core_;
    std::string topic_;
    PublisherOptions options_;
    std::size_t plain_bytes_;  // of a plain struct, else 0
    std::size_t max_bytes_;
    PublisherId id_;
    SegmentPtr arena_;
    std::atomic<bool> ended_{false}, taken_away_{false};
    std::atomic<std::uint64_t> dropped_{0}, evicted_{0};
    std::atomic<std::size_t> ready_{0};

    BusyLock lock_;
    shm::RingWriter<> writer_;
    Audience audience_;
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
