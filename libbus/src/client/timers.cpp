// Timers: what is due when.
#include "client/timers.hpp"

namespace bus::client {

void close(TimerState& timer) noexcept { timer.end(); }

void Timers::add(std::shared_ptr<TimerState> const& timer, sys::Deadline due) {
    std::lock_guard const lock(mutex_);
    due_.emplace(due, timer);
}

sys::Deadline Timers::next() const {
    std::lock_guard const lock(mutex_);
    return due_.empty() ? sys::kForever : due_.begin()->first;
}

// The next turn is entered before the callback runs: an exception that goes through it ends nothing.
std::shared_ptr<TimerState> Timers::take_due(sys::Deadline now) {
    std::lock_guard const lock(mutex_);
    while (!due_.empty() && due_.begin()->first <= now) {
        auto node = due_.extract(due_.begin());
        auto timer = node.mapped().lock();
        if (!timer || timer->ended()) continue;
        if (auto const period = timer->period(); period > Duration::zero()) {
            auto const late = now - node.key();
            node.key() = sys::deadline_from(node.key() + late / period * period, period);
            due_.insert(std::move(node));
        }
        return timer;
    }
    return nullptr;
}

std::size_t Timers::run_due(std::size_t at_most) {
    auto const now = sys::steady_now();
    std::size_t count = 0;
    while (count < at_most) {
        auto const timer = take_due(now);
        if (!timer) break;
        timer->run();
        ++count;
    }
    return count;
}

}  // namespace bus::client
