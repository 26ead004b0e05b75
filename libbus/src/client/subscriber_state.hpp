// Behind a Subscriber: its rings, merged; its samples; its waits.
//
// Merging: Rota says which ring is next. The subscription's epoch (new rings, rings whose publisher left) is looked at whenever nothing was
// found, and now and then besides. Lost: each ring's reader counts exactly; what is told with a message (lost_before) is what lost() has
// grown by.
//
// Threads: one at a time by contract; the lock is for the run loop and Connection::wait_for, which look from their own thread.
#pragma once

#include <bus/subscriber.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_set>
#include <vector>

#include "client/busy_lock.hpp"
#include "client/connection_state.hpp"
#include "client/data_side.hpp"
#include "client/inlet.hpp"
#include "client/rota.hpp"
#include "client/source.hpp"
#include "client/spin.hpp"
#include "sys/timer_fd.hpp"

namespace bus::client {

class SubscriberState final : public Source {
public:
    /// A subscription of ours in one session, as busd made it.
    struct Place {
        std::uint32_t index;  // of the SubscriptionEntry
        std::uint64_t id;
    };
    /// Errors: those of the request.
    static Result<Place> subscribe(Core& core, std::string_view pattern, SubscriberOptions const& options, Schema const& schema, bool any);

    SubscriberState(std::shared_ptr<ConnectionState> connection, std::shared_ptr<Core> core, std::string_view pattern,
                    SubscriberOptions const& options, detail::PayloadType const& type, Schema schema, Place place);
    SubscriberState(SubscriberState const&) = delete;
    SubscriberState& operator=(SubscriberState const&) = delete;
    ~SubscriberState() override;

    // A message; or null, and `why` says why: most looks find nothing, and none shall pay for a Result on the way.
    detail::SamplePointer take(Error& why);
    detail::SamplePointer take_until(sys::Deadline deadline, std::stop_token const& stop, Error& why);
    void put_back(Error error);
    Result<void> set_callback(detail::Callback<void(detail::SamplePointer)> callback);
    int fd() noexcept;

    std::uint64_t lost() noexcept;
    std::vector<Loss> losses();
    Position position();
    std::size_t publishers() noexcept;
    Result<void> wait_for_publishers(std::size_t count, sys::Deadline deadline, std::stop_token const& stop);

    /// Attaches what is there now. Errors: those of the directory, where busd died changing it; invalid: start_sequence with several.
    /// closed: the session ended meanwhile.
    Result<void> begin();
    void end() noexcept;

    bool has_callback() const noexcept override;
    bool is_ready() override;
    Wish wish() override;
    bool is_unfenced() override;
    bool run_one() override;
    void look_around() override;

private:
    // Once before it sleeps, once behind the fence of falling asleep; and once more each for luck of the schedule.
    static constexpr std::uint32_t kSettleAgain = 4;

    class Receiving;
    struct Gone {  // what a ring that has been let go had lost
        std::string topic;
        std::uint64_t lost = 0, overrun = 0, missed = 0;  // overrun: of those lost, overwritten; missed: before it came
        std::uint64_t unparsed = 0, last_sequence = 0;
        std::uint64_t replaced = 0;  // unread in a ring that busd took away, or never seen on a bus that did not last
    };

    detail::SamplePointer take_now(Error& why);
    [[gnu::noinline]] detail::SamplePointer take_armed(Error& why);
    [[gnu::cold, gnu::noinline]] detail::SamplePointer take_in_next_session(Error& why);
    detail::SamplePointer take_locked(Error& why, Rota::Effort effort = Rota::Effort::all);
    [[gnu::cold, gnu::noinline]] Inlet* first_of_those_behind(Inlet* found) noexcept;
    /// Goes over to the session in the place of ours, which has ended; waits until `deadline` for a busd that serves one.
    /// Returns: whether it has; else `why`: closed, for good; would_block: none serves yet; those of the request.
    [[gnu::cold, gnu::noinline]] bool come_back(sys::Deadline deadline, Error& why);
    bool has_to_come_back() noexcept;
    bool is_refused() const noexcept { return refused_until_ != sys::Deadline{} && !sys::has_passed(refused_until_); }
    bool note_refusal(Error const& why);  // false
    void go_over_to(std::shared_ptr<Core> fresh, Place place);
    void attach_the_rest();
    void let_go_of_former(Core const& fresh, Place place);
    detail::SamplePointer deliver(Inlet& inlet, Error& why);
    Error no_message(Inlet& inlet, shm::Record const& record);
    bool parse(PooledSample& sample) const;
    bool name_origin(Inlet const& inlet, shm::Record const& record, Info& info);
    void note_read(Inlet& inlet) {
        if (std::exchange(inlet.settling, kSettleAgain) == 0) settling_.push_back(&inlet);
    }
    bool settle();  // nothing found: lets go what is drained, tells reliable publishers, looks for new rings. Whether there are
    void let_go_of_drained();
    void let_go_of_replaced(std::size_t at);
    Result<bool> refresh();  // whether the rings changed
    void attach(shm::MemberEntry const& member, std::map<std::uint64_t, std::size_t> const& shares);
    bool still_stands(shm::MemberEntry const& member) const;
    void tell(Event::Kind kind, Inlet const& inlet, std::uint64_t count);
    void tell_living(Event::Kind kind, Inlet const& inlet, std::size_t more);  // how many publishers there are, and `more`
    void tell_left_out();
    std::optional<Error> why_left_out(std::uint32_t index, shm::TopicEntry const& topic, std::unordered_set<std::uint64_t> const& read);
    std::size_t count_living() const noexcept;
    void close_unattached(shm::MemberEntry const& member) noexcept;
    void close_all() noexcept;
    Position position_locked() const;
    static Gone losses_in(Inlet const& inlet);
    /// `unread` messages of it nobody will ever read, and count as lost. The rota must begin anew afterwards.
    void let_go_of(std::size_t at, std::uint64_t unread = 0);
    void join_lineage(Inlet& fresh);
    void sum_up() noexcept;
    bool is_any_unfenced() const noexcept;
    Wish wish_locked() const noexcept;
    void look_behind_in_time() noexcept;
    /// For good, as far as can be seen without the lock.
    bool is_closed() const noexcept { return ended_.load(std::memory_order_relaxed) || guard_.in_child(); }
    Error closed();  // where is_closed(), or the session has ended
    Error closed_locked() const;
    std::shared_ptr<Core> core();
    bool reliable() const noexcept { return options_.reliable; }

    std::shared_ptr<ConnectionState> connection_;
    std::vector<std::shared_ptr<Core>> behind_;  // sessions that have ended, as long as one of their rings is read
    std::shared_ptr<Core> core_;                 // changed under the lock
    sys::ForkGuard const guard_;
    std::string pattern_;
    SubscriberOptions options_;
    detail::PayloadType type_;
    Schema own_schema_;
    bool came_back_ = false;
    sys::Deadline refused_until_{};  // coming back was refused: nobody who is not asked to tries again before
    std::uint32_t index_;            // of the SubscriptionEntry
    std::uint64_t id_;
    shm::SubscriptionEntry const* entry_;
    std::atomic<bool> ended_{false};

    BusyLock lock_;
    SamplePool::Owner pool_ = SamplePool::create();
    std::vector<std::unique_ptr<Inlet>> inlets_;
    Rota rota_{inlets_};
    std::vector<Inlet*> settling_;  // read since they had something to tell: what settle() has to do with
    bool any_left_ = false;
    std::uint32_t takes_ = 0;
    bool passed_over_ = false;                 // by deliver(): a kept message that was received before
    std::uint64_t epoch_ = ~std::uint64_t{0};  // of the subscription, when its rings were last read
    std::uint64_t topics_ = 0;                 // of all inlets
    bool foreign_ = false;
    std::uint64_t changes_ = 0;         // of the inlets: what a sleeper wished for is out of date when it differs
    std::set<std::uint64_t> left_out_;  // topics under a typed pattern that carry something else, told once
    sys::Deadline left_out_next_{};
    std::uint64_t looked_for_left_out_ = 0;  // epoch of the directory, at the last look for them
    std::set<std::uint64_t> refused_;        // rings that could not be attached, told once
    std::optional<Error> deferred_;          // for the next call
    std::map<PublisherId, Gone> gone_;
    // By uid, so that nobody spoils it for another one, and id of the lineage: numbers had, or counted as lost, in rings that were let go.
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> settled_;
    std::unique_ptr<Watch> watch_;
    std::optional<sys::TimerFd> alarm_;  // in the watch's epoll set
    std::shared_ptr<detail::Callback<void(detail::SamplePointer)>> callback_;
    std::atomic<bool> has_callback_{false};
    Spin spin_;
};

}  // namespace bus::client
