// Events of a connection.
#include "client/events.hpp"

#include "client/connection_state.hpp"
#include "client/waiting.hpp"

namespace bus::client {

void Events::set(Callback callback) {
    auto shared = callback ? std::make_shared<Callback>(std::move(callback)) : nullptr;
    bool const lives = shared && connection_.core()->bus->broker_alive();
    std::lock_guard const lock(mutex_);
    wanted_.store(shared != nullptr, std::memory_order_relaxed);
    callback_.swap(shared);  // the old one is destroyed behind the lock: it may own handles
    waiting_.clear();
    broker_lives_ = lives;
    next_look_ = callback_ ? sys::deadline_after(kRecheck) : sys::kForever;
}

void Events::tell(Event event) {
    if (!are_wanted()) return;
    std::lock_guard const lock(mutex_);
    if (waiting_.size() >= kMost) waiting_.pop_front();
    waiting_.push_back(std::move(event));
}

bool Events::is_ready() const {
    if (!are_wanted()) return false;
    std::lock_guard const lock(mutex_);
    return !waiting_.empty();
}

std::size_t Events::run(std::size_t at_most) {
    std::size_t count = 0;
    for (; are_wanted() && count < at_most; ++count) {
        std::unique_lock lock(mutex_);
        if (waiting_.empty() || !callback_) break;
        auto const event = std::move(waiting_.front());
        waiting_.pop_front();
        auto const callback = callback_;
        lock.unlock();
        (*callback)(event);
    }
    return count;
}

sys::Deadline Events::next_look() const {
    if (!are_wanted()) return sys::kForever;
    std::lock_guard const lock(mutex_);
    return next_look_;
}

void Events::look_at_broker() {
    if (!are_wanted() || !sys::has_passed(next_look())) return;
    bool const lives = connection_.core()->bus->broker_alive();
    std::unique_lock lock(mutex_);
    next_look_ = sys::deadline_after(kRecheck);
    if (lives == std::exchange(broker_lives_, lives)) return;
    lock.unlock();
    tell({.kind = lives ? Event::Kind::broker_back : Event::Kind::broker_lost, .object = connection_.options.bus});
}

}  // namespace bus::client
