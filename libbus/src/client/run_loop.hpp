// dispatch(), run(), wait_for(), stop(), fd() of a connection: its subscribers with callbacks, its timers, its events.
//
// run() sleeps as a receiving thread does (waiting.hpp), on one place for all sources. fd() is a Watch with a timerfd beside it, armed at
// the end of each dispatch() that found nothing more, and only once somebody has asked for it.
#pragma once

#include <atomic>
#include <bus/callback.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "client/events.hpp"
#include "client/fifo_hub.hpp"
#include "client/source.hpp"
#include "client/timers.hpp"
#include "sys/timer_fd.hpp"

namespace bus::client {

class ConnectionState;
class Core;

/// Threads: any; dispatch() and run() one at a time.
class RunLoop {
public:
    explicit RunLoop(ConnectionState& connection) noexcept;
    RunLoop(RunLoop const&) = delete;
    RunLoop& operator=(RunLoop const&) = delete;
    ~RunLoop();

    /// Makes the descriptor. Errors: limit.
    Result<void> open(FifoHub& hub);
    /// Another session has taken the place of the one before: the descriptor stays, and is readable.
    void move_to(FifoHub& hub) noexcept;
    int fd() noexcept;

    Result<std::size_t> dispatch(std::size_t at_most);
    Result<void> run(std::stop_token const& stop);
    Result<void> wait_for(Duration timeout, std::stop_token const& stop);
    /// For signal handlers too.
    void stop() noexcept;
    bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

    /// `keep` lives as long as the timer's handle. Errors: invalid: a period that is not above zero.
    Result<std::shared_ptr<TimerState>> timer(std::shared_ptr<ConnectionState> keep, Duration time, bool repeat,
                                              detail::Callback<void()> callback);
    Result<void> set_events(detail::Callback<void(Event const&)> callback);
    void forget_events() noexcept;
    bool wants_events() const noexcept { return events_.are_wanted(); }
    /// Kept for the next dispatch(), where somebody wants events.
    void tell(Event event);

    void add(std::shared_ptr<Source> const& source);
    /// What is no source, but tells events.
    void add_surrounded(std::shared_ptr<Surrounded> const& other);
    /// A callback or a timer came or went: whoever sleeps for all sources looks again.
    void something_changed() noexcept;

private:
    class Everything;
    enum class Which { all, dispatched };

    bool is_ready(Which which);
    Result<bool> is_in_session();
    void look_around();
    void collect(Which which, std::vector<std::shared_ptr<Source>>& into);
    std::size_t run_sources(std::size_t at_most);
    sys::Deadline next_due() const;
    std::size_t run_due(std::size_t at_most);
    void make_quiet();
    void look_again_in(Duration time);
    void set_alarm_within(Duration time);

    ConnectionState& connection_;
    std::atomic<bool> stopped_{false}, dispatching_{false}, watched_{false};
    std::unique_ptr<Watch> watch_;
    std::optional<sys::TimerFd> alarm_;  // in the watch's epoll set
    Timers timers_;
    Events events_;
    Spin spin_;

    std::mutex mutex_;  // the two below
    std::vector<std::weak_ptr<Source>> sources_;
    std::vector<std::weak_ptr<Surrounded>> others_;

    bool early_ = false;  // the alarm is set for something else than what is due. This and the two below: of the dispatching thread
    std::vector<std::shared_ptr<Source>> round_;
    std::size_t turn_ = 0;
};

}  // namespace bus::client
