// A subscriber waiting: for a message, for publishers, through a descriptor, with a callback.
#include <algorithm>
#include <cerrno>

#include "client/subscriber_state.hpp"

namespace bus::client {

class SubscriberState::Receiving final : public Awaited {
public:
    explicit Receiving(SubscriberState& subscriber) noexcept : subscriber_(subscriber) {}

    Wish wish() override {
        Locked const locked(subscriber_.lock_);
        changes_ = subscriber_.changes_;
        return {.topics = subscriber_.topics_, .foreign = subscriber_.foreign_};
    }
    bool is_unfenced() override { return subscriber_.is_unfenced(); }
    bool look() override { return look(Rota::Effort::all); }
    bool glance() override { return look(Rota::Effort::glance); }
    bool is_outdated() override {
        Locked const locked(subscriber_.lock_);
        return changes_ != subscriber_.changes_;
    }

    detail::SamplePointer taken;
    Error why = Errc::would_block;

private:
    bool look(Rota::Effort effort) {
        Locked const locked(subscriber_.lock_);
        taken = subscriber_.take_locked(why, effort);
        return taken || why != Errc::would_block;
    }

    SubscriberState& subscriber_;
    std::uint64_t changes_ = 0;
};

detail::SamplePointer SubscriberState::take_until(sys::Deadline deadline, std::stop_token const& stop, Error& why) {
    if (is_closed() || has_callback()) [[unlikely]]
        return take(why);  // says why not
    Receiving what(*this);
    if (!what.look()) [[unlikely]]
        if (auto found = wait_until(*core_->data, spin_, deadline, stop, what); !found) {
            why = found.error();
            return nullptr;
        }
    why = std::move(what.why);
    return std::move(what.taken);
}

Result<void> SubscriberState::wait_for_publishers(std::size_t count, sys::Deadline deadline, std::stop_token const& stop) {
    struct Publishers final : Awaited {
        Publishers(SubscriberState& state, std::size_t wanted) : subscriber(state), count(wanted) {}
        Wish wish() override { return {.topics = shm::kAnyTopic}; }  // busd rings when the rings change
        bool look() override { return subscriber.publishers() >= count || subscriber.core_->has_ended(); }
        SubscriberState& subscriber;
        std::size_t count;
    };
    if (is_closed()) return closed();
    Publishers what(*this, count);
    Spin spin(Duration::zero());
    if (auto there = wait_until(*core_->data, spin, deadline, stop, what); !there) return there;
    if (is_closed()) return closed();
    return {};
}

Wish SubscriberState::wish() {
    Locked const locked(lock_);
    return {.topics = topics_, .foreign = foreign_};
}

bool SubscriberState::is_any_unfenced() const noexcept {
    return std::ranges::any_of(inlets_, [](auto const& inlet) { return inlet->is_unfenced(); });
}

bool SubscriberState::is_unfenced() {
    Locked const locked(lock_);
    return is_any_unfenced();
}

bool SubscriberState::is_ready() {
    if (is_closed()) return false;
    Locked const locked(lock_);
    if (deferred_ || rota_.next(Rota::Effort::all) != nullptr) return true;
    return settle() && (deferred_ || rota_.next(Rota::Effort::all) != nullptr);
}

bool SubscriberState::has_callback() const noexcept { return has_callback_.load(std::memory_order_relaxed); }

Result<void> SubscriberState::set_callback(detail::Callback<void(detail::SamplePointer)> callback) {
    if (is_closed()) return closed();
    bool const set = static_cast<bool>(callback);
    auto shared = set ? std::make_shared<detail::Callback<void(detail::SamplePointer)>>(std::move(callback)) : nullptr;
    {
        Locked const locked(lock_);
        callback_.swap(shared);
        has_callback_.store(set, std::memory_order_relaxed);
    }
    core_->data->loop.something_changed();
    return {};
}

// The callback runs outside the lock and is held by us, so it may destroy the subscriber, or set another callback.
bool SubscriberState::run_one() {
    detail::SamplePointer taken;
    Error why;
    std::shared_ptr<detail::Callback<void(detail::SamplePointer)>> callback;
    {
        if (is_closed()) return false;
        Locked const locked(lock_);
        if (!callback_) return false;
        taken = take_locked(why);
        callback = callback_;
    }
    if (!taken) return why != Errc::would_block;
    (*callback)(std::move(taken));
    return true;
}

int SubscriberState::fd() noexcept {
    if (is_closed()) return -1;
    Locked const locked(lock_);
    if (!watch_) {
        auto watch = Watch::create(core_->data->hub);
        if (!watch) {
            errno = watch.error().detail();
            return -1;
        }
        watch_ = std::move(*watch);
    }
    return watch_->fd();
}

}  // namespace bus::client
