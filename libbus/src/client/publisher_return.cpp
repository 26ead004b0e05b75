// A publisher whose session has ended against its will goes on in another one, in a ring of its own there: under another id, with other
// numbers. Who reads the old ring reads it to its end first: hence the word in its head.
#include <algorithm>

#include "client/publisher_state.hpp"
#include "client/topic_requests.hpp"
#include "shm/ring_format.hpp"

namespace bus::client {

namespace {

constexpr Duration kToCome = std::chrono::seconds(5);  // readers have so long to come over, before they are overrun

Result<PublisherState::Ring> attach_own_ring(Core& core, std::uint32_t index, std::uint64_t ring_id) {
    auto const entry = core.bus->directory().snapshot<shm::RingEntry>(index);
    if (!entry) return entry.error();
    if ((*entry)->ring_id != ring_id)
        return Error(Errc::conflict, "busd made ring " + std::to_string(ring_id) + " and it has gone already");
    auto arena = core.segments.write((*entry)->segment, shm::SegmentKind::arena);
    if (!arena) return arena.error();
    auto const ring = shm::open_ring((*arena)->writable_bytes(), (*entry)->offset, ring_id);
    if (!ring) return ring.error();
    // Now, so that no publish meets a page for the first time.
    auto const populated = (*arena)->mapping().populate((*entry)->offset, shm::ring_extent_bytes(ring->capacity));
    if (!populated) return populated.error();
    return PublisherState::Ring{index, (*entry)->topic, std::move(*arena), *ring};
}

}  // namespace

Result<PublisherState::Ring> PublisherState::make_ring(Core& core, std::string_view topic, PublisherOptions const& options,
                                                       Schema const& schema, shm::Lineage lineage) {
    auto const answer = core.request(create_publisher(topic, options, schema, lineage), "create publisher of " + std::string(topic),
                                     sys::deadline_after(core.options.timeout));
    if (!answer) return answer.error();
    auto ring = attach_own_ring(core, answer->index(), answer->id());
    if (!ring) core.post(remove_publisher(answer->id()));
    return ring;
}

// Who waits for room waits for a busd too; who does not, does not.
sys::Deadline PublisherState::patience() const noexcept {
    return options_.when_full == WhenFull::wait ? sys::deadline_after(connection_->options.timeout) : sys::steady_now();
}

Result<void> PublisherState::enter_slowly() {
    if (is_over()) return closed();
    if (!lock_.lock_unless_lent()) return Errc::would_block;
    if (audience_->is_stale()) noticed(audience_->attend());
    Result<void> entered;
    // Where all is removed one by one, busd may take the ring away first, and end the bus after it: the session says which it was.
    if (!core_->check())
        entered = come_back(patience());
    else if (taken_away_)
        entered = closed_locked();
    if (!entered) lock_.unlock();
    return entered;
}

Result<void> PublisherState::come_back(sys::Deadline deadline) {
    for (auto fresh = core_;;) {
        if (fresh->is_closed()) {
            if (!fresh->may_come_back()) return fresh->check();
            auto next = connection_->successor(fresh, deadline);
            if (!next) return next.error();
            fresh = std::move(*next);
        }
        // Where the bus is the same one, the old ring stays for those who come later.
        auto const kept = fresh->bus->is_same_as(*core_->bus) ? CarryOver() : CarryOver(writer_, options_);
        auto ring = make_ring(*fresh, topic_, options_, schema_, continued_lineage(kept));
        if (ring) {
            go_over_to(std::move(fresh), std::move(*ring), kept);
            if (!core_->is_closed()) return {};
            fresh = core_;  // it has ended again: nobody would read what goes into that ring
            continue;
        }
        if (auto again = connection_->another_try_after(ring.error(), *fresh, deadline); !again) return again.error();
    }
}

void PublisherState::go_over_to(std::shared_ptr<Core> fresh, Ring ring, CarryOver const& kept) {
    writer_.say_left();
    (void)audience_->floor(writer_.tail());
    to_come_ = std::max(to_come_, audience_->count_waited_for());
    to_come_until_ = sys::deadline_after(kToCome);
    lineage_ = continued_lineage(kept);
    shm::RingWriter<> writer(ring.ring);
    kept.write_into(writer);
    dropped_before_ += writer_.dropped() - writer.dropped();
    // Who has not looked yet since this ring was made finds it by its id, which is good as long as somebody has it mapped.
    former_arena_ = audience_->has_unattached() ? std::move(arena_) : nullptr;
    audience_.reset();  // it looks at the old session's memory
    core_ = std::move(fresh);
    taken_away_ = false;
    id_ = ring.ring.ring_id;
    arena_ = std::move(ring.arena);
    writer_ = writer;
    heat_ = Heat();
    waited_ns_ = 0;
    holdups_.clear();
    audience_.emplace(*core_, ring.index, ring.ring.ring_id, ring.topic);
    attend();  // the session may have ended again: the members' epoch says so once
}

// ---- who is there -------------------------------------------------------------------------------------------------------------

Result<void> PublisherState::wait_for_subscribers(std::size_t count, sys::Deadline deadline, std::stop_token const& stop) {
    struct Subscribers final : Awaited {
        Subscribers(PublisherState& state, std::size_t wanted, Core const& session, std::uint64_t topic)
            : publisher(state), count(wanted), core(session), topic_bit(topic) {}
        Wish wish() override { return {.topics = topic_bit}; }
        bool look() override { return publisher.subscribers() >= count || core.has_ended(); }
        PublisherState& publisher;
        std::size_t count;
        Core const& core;
        std::uint64_t topic_bit;
    };
    for (;;) {
        if (is_over()) return closed();
        std::shared_ptr<Core> core;
        std::uint64_t topic_bit = 0;
        if (!lock_.lock_unless_lent())
            return Error(Errc::would_block, "a loan of " + topic_ + " is out", "publish it, or let it go, first");
        if (is_closed() && core_->check()) {  // its ring alone has gone
            auto why = closed_locked();
            lock_.unlock();
            return why;
        }
        auto const back = core_->is_closed() ? come_back(next_look(deadline)) : Result<void>();
        core = core_;
        topic_bit = audience_->topic_bit();
        lock_.unlock();
        if (!back) {
            bool const may_come = back.error() == Errc::no_broker || back.error() == Errc::timeout;
            if (!may_come || sys::has_passed(deadline)) return back;
            if (connection_->loop.stopped() || stop.stop_requested()) return Errc::cancelled;
            continue;
        }
        Subscribers what(*this, count, *core, topic_bit);
        Spin spin(Duration::zero());
        if (auto there = wait_until(*core->data, spin, deadline, stop, what); !there) return there;
        if (!core->is_closed()) return {};
    }
}

// While another thread publishes, or a loan is out, as they stood last. Nobody is waited for: where no busd serves, as they stood last too.
std::size_t PublisherState::subscribers() noexcept {
    if (is_over()) return 0;
    if (lock_.try_lock()) {
        noticed(audience_->look_around());
        if (is_closed()) (void)core_->check();
        if (core_->is_closed()) (void)come_back(sys::steady_now());
        lock_.unlock();
    }
    return ready_.load(std::memory_order_relaxed);
}

}  // namespace bus::client
