// Timers of a connection: computed deadlines, run by dispatch().
#pragma once

#include <atomic>
#include <bus/callback.hpp>
#include <bus/handle.hpp>
#include <bus/time.hpp>
#include <map>
#include <memory>
#include <mutex>

#include "sys/clock.hpp"

namespace bus::client {

class TimerState {
public:
    TimerState(std::shared_ptr<ConnectionState> keep, detail::Callback<void()> callback, Duration period)
        : keep_(std::move(keep)), callback_(std::move(callback)), period_(period) {}
    void end() noexcept { ended_.store(true, std::memory_order_relaxed); }
    bool ended() const noexcept { return ended_.load(std::memory_order_relaxed); }
    void run() { callback_(); }
    Duration period() const noexcept { return period_; }  // zero: once

private:
    std::shared_ptr<ConnectionState> keep_;  // the session
    detail::Callback<void()> callback_;
    Duration period_;
    std::atomic<bool> ended_{false};
};

/// Threads: any; run_due() one at a time.
class Timers {
public:
    void add(std::shared_ptr<TimerState> const& timer, sys::Deadline due);
    /// kForever: none.
    sys::Deadline next() const;
    /// Runs what is due, `at_most` of them. A period that was missed is left out. Returns: how many ran.
    std::size_t run_due(std::size_t at_most);

private:
    std::shared_ptr<TimerState> take_due(sys::Deadline now);

    mutable std::mutex mutex_;
    std::multimap<sys::Deadline, std::weak_ptr<TimerState>> due_;
};

}  // namespace bus::client
