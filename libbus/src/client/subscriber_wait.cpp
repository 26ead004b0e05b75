// A subscriber waiting: for a message, for publishers, through a descriptor, with a callback.
#include <algorithm>
#include <cerrno>

#include "client/subscriber_state.hpp"

namespace bus::client {

namespace {
constexpr Duration kLookBehind = std::chrono::milliseconds(20);
}  // namespace

class SubscriberState::Receiving final : public Awaited {
public:
    explicit Receiving(SubscriberState& subscriber) noexcept : subscriber_(subscriber) {}
    /// From here on we wait in that session: where the subscriber goes over to another one, nobody rings us here any more.
    void wait_in(Core const& session) noexcept { session_ = &session; }

    Wish wish() override {
        Locked const locked(subscriber_.lock_);
        changes_ = subscriber_.changes_;
        return subscriber_.wish_locked();
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
        if (session_ != nullptr && session_ != subscriber_.core_.get()) {
            why = Errc::closed;
            return true;
        }
        taken = subscriber_.take_locked(why, effort);
        return taken || why != Errc::would_block;
    }

    SubscriberState& subscriber_;
    Core const* session_ = nullptr;
    std::uint64_t changes_ = 0;
};

detail::SamplePointer SubscriberState::take_until(sys::Deadline deadline, std::stop_token const& stop, Error& why) {
    for (;;) {
        if (is_closed() || has_callback()) [[unlikely]]
            return take(why);  // says why not
        Receiving what(*this);
        if (!what.look()) [[unlikely]] {
            auto const session = core();  // another thread may take the subscriber over to another one
            what.wait_in(*session);
            if (auto found = wait_until(*session->data, spin_, deadline, stop, what); !found) {
                why = found.error();
                return nullptr;
            }
        }
        why = std::move(what.why);
        if (what.taken || why != Errc::closed) [[likely]]
            return std::move(what.taken);
        if (come_back(next_look(deadline), why)) continue;
        if (why == Errc::would_block && sys::has_passed(deadline)) why = Errc::timeout;
        if (why == Errc::would_block && (connection_->loop.stopped() || stop.stop_requested())) why = Errc::cancelled;
        if (why != Errc::would_block) return nullptr;
    }
}

Result<void> SubscriberState::wait_for_publishers(std::size_t count, sys::Deadline deadline, std::stop_token const& stop) {
    struct Publishers final : Awaited {
        Publishers(SubscriberState& state, std::size_t wanted, Core const& session) : subscriber(state), count(wanted), core(session) {}
        Wish wish() override { return {.topics = shm::kAnyTopic}; }  // busd rings when the rings change
        bool look() override { return subscriber.publishers() >= count || core.has_ended(); }
        SubscriberState& subscriber;
        std::size_t count;
        Core const& core;
    };
    // Another thread may take the subscriber over meanwhile: then the old session has ended, and look() says so.
    for (;;) {
        if (is_closed()) return closed();
        auto const session = core();
        Publishers what(*this, count, *session);
        Spin spin(Duration::zero());
        if (auto there = wait_until(*session->data, spin, deadline, stop, what); !there) return there;
        if (is_closed()) return closed();
        if (!session->is_closed()) return {};
        Error why = closed();
        if (come_back(next_look(deadline), why)) continue;
        if (why != Errc::would_block) return why;
        if (sys::has_passed(deadline)) return Errc::timeout;
        if (connection_->loop.stopped() || stop.stop_requested()) return Errc::cancelled;
    }
}

Wish SubscriberState::wish() {
    Locked const locked(lock_);
    return wish_locked();
}

// Who writes into a ring that stayed behind can't ring us any more.
Wish SubscriberState::wish_locked() const noexcept {
    auto recheck = behind_.empty() ? Duration::max() : kLookBehind;
    if (is_refused()) recheck = std::min(recheck, sys::remaining(refused_until_));
    return {.topics = topics_, .foreign = foreign_, .recheck = recheck};
}

// The same for whoever polls our descriptor.
void SubscriberState::look_behind_in_time() noexcept {
    if (behind_.empty()) return alarm_.reset();
    if (!alarm_) {
        auto alarm = sys::TimerFd::create();
        if (!alarm || !watch_->poller().add(alarm->fd(), EPOLLIN, 2)) return watch_->poke();
        alarm_.emplace(std::move(*alarm));
    }
    alarm_->set(sys::deadline_after(kLookBehind));
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
    if (!deferred_ && core_->is_closed()) return !is_refused();
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
    connection_->loop.something_changed();
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
        if (!callback_ || is_refused()) return false;
        taken = take_locked(why);
        callback = callback_;
    }
    if (!taken && why == Errc::closed) return come_back(sys::steady_now(), why);
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
