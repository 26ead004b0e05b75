// Dispatching, and sleeping until there is something to dispatch.
#include "client/run_loop.hpp"

#include <algorithm>
#include <utility>

#include "client/connection_state.hpp"
#include "client/data_side.hpp"
#include "shm/sleepers.hpp"
#include "sys/barrier.hpp"

namespace bus::client {

namespace {

constexpr std::size_t kTurn = 16;                             // messages of one source in a row
constexpr std::size_t kRunAtMost = 1024;                      // between two looks at the stop token
constexpr Duration kNextTry = std::chrono::milliseconds(20);  // likewise, while no busd serves; and of who polls our descriptor

/// Sets a flag while it lives; an exception that goes through a callback takes it back too.
class Flag {
public:
    explicit Flag(std::atomic<bool>& flag) noexcept : flag_(flag) {}
    Flag(Flag const&) = delete;
    Flag& operator=(Flag const&) = delete;
    ~Flag() { flag_.store(false, std::memory_order_release); }

private:
    std::atomic<bool>& flag_;
};

/// Empties it in the end: an exception that goes through a callback may not keep sources, and so the session, up.
struct Cleared {
    std::vector<std::shared_ptr<Source>>& sources;
    ~Cleared() { sources.clear(); }
};

}  // namespace

RunLoop::RunLoop(ConnectionState& connection) noexcept : connection_(connection), events_(connection) {}

RunLoop::~RunLoop() = default;

sys::Deadline RunLoop::next_due() const { return std::min(timers_.next(), events_.next_look()); }

Result<void> RunLoop::open(FifoHub& hub) {
    auto watch = Watch::create(hub);
    if (!watch) return watch.error();
    auto alarm = sys::TimerFd::create();
    if (!alarm) return alarm.error();
    if (auto added = (*watch)->poller().add(alarm->fd(), EPOLLIN, 2); !added) return added.error();
    watch_ = std::move(*watch);
    alarm_.emplace(std::move(*alarm));
    return {};
}

void RunLoop::move_to(FifoHub& hub) noexcept { watch_->move_to(hub); }

int RunLoop::fd() noexcept {
    watched_.store(true, std::memory_order_relaxed);
    return watch_->fd();
}

void RunLoop::add(std::shared_ptr<Source> const& source) {
    std::lock_guard const lock(mutex_);
    std::erase_if(sources_, [](auto const& known) { return known.expired(); });
    sources_.push_back(source);
}

void RunLoop::add_surrounded(std::shared_ptr<Surrounded> const& other) {
    std::lock_guard const lock(mutex_);
    if (others_.size() == others_.capacity()) std::erase_if(others_, [](auto const& known) { return known.expired(); });
    others_.push_back(other);
}

// Each is let go outside the lock: we may be the last who holds it.
void RunLoop::look_around() {
    if (!wants_events()) return;
    std::vector<std::shared_ptr<Source>> sources;
    collect(Which::all, sources);
    std::vector<std::shared_ptr<Surrounded>> all(sources.begin(), sources.end());
    {
        std::lock_guard const lock(mutex_);
        for (auto const& known : others_)
            if (auto other = known.lock()) all.push_back(std::move(other));
    }
    for (auto const& one : all) one->look_around();
}

void RunLoop::something_changed() noexcept {
    alarm_->set(next_due());
    watch_->poke();
    connection_.poke_all();
}

void RunLoop::stop() noexcept {
    stopped_.store(true, std::memory_order_relaxed);
    watch_->poke();
    connection_.poke_all();  // fences first
}

// ---- dispatching --------------------------------------------------------------------------------------------------------------

// Returns: whether there is a session that can be used; false: it ended against its will, and no busd serves yet that would give us
// another.
Result<bool> RunLoop::is_in_session() {
    auto const now = connection_.usable(sys::steady_now());
    if (now) return true;
    if (now.error() == Errc::no_broker || now.error() == Errc::timeout) return false;
    return now.error();
}

Result<std::size_t> RunLoop::dispatch(std::size_t at_most) {
    auto const in_session = is_in_session();
    if (!in_session) return in_session.error();
    if (dispatching_.exchange(true, std::memory_order_acquire))
        return Error(Errc::invalid, "dispatch() in a callback of dispatch(), or in two threads at once", "let the first one return");
    Flag const flag(dispatching_);
    if (std::exchange(early_, false)) alarm_->set(next_due());
    if (*in_session) look_around();
    std::size_t count = 0;
    while (count < at_most) {
        auto const before = count;
        count += run_due(at_most - count);
        count += events_.run(at_most - count);
        if (*in_session) count += run_sources(at_most - count);
        if (count == before) break;
    }
    if (count < at_most && watched_.load(std::memory_order_relaxed)) {
        if (*in_session)
            make_quiet();
        else
            look_again_in(kNextTry);
    }
    return count;
}

std::size_t RunLoop::run_due(std::size_t at_most) {
    auto const due = next_due();
    events_.look_at_broker();
    auto const count = timers_.run_due(at_most);
    if (next_due() != due) alarm_->set(next_due());
    return count;
}

// Each source in turn, some messages at a time, beginning where the last round ended.
std::size_t RunLoop::run_sources(std::size_t at_most) {
    collect(Which::dispatched, round_);
    Cleared const cleared{round_};
    std::size_t count = 0;
    for (std::size_t i = 0; i < round_.size() && count < at_most; ++i) {
        auto& source = *round_[turn_++ % round_.size()];
        for (std::size_t n = 0; n < kTurn && count < at_most && source.run_one(); ++n) ++count;
    }
    return count;
}

// Those that want no dispatch are let go outside the lock: we may be the last who hold one.
void RunLoop::collect(Which which, std::vector<std::shared_ptr<Source>>& into) {
    into.clear();
    {
        std::lock_guard const lock(mutex_);
        for (auto const& known : sources_)
            if (auto source = known.lock()) into.push_back(std::move(source));
    }
    if (which == Which::dispatched) std::erase_if(into, [](auto const& source) { return !source->has_callback(); });
}

// Unreadable, unless there is something after all. The same order as for a sleeping thread: armed, fenced, looked.
void RunLoop::make_quiet() {
    std::vector<std::shared_ptr<Source>> sources;
    collect(Which::dispatched, sources);
    std::uint64_t topics = 0;
    auto recheck = Duration::max();
    for (auto const& source : sources) {
        auto const wish = source->wish();
        topics |= wish.topics;
        recheck = std::min(recheck, wish.recheck);
    }
    if (recheck != Duration::max()) set_alarm_within(recheck);
    watch_->quiet(topics);
    if (std::ranges::any_of(sources, [](auto const& source) { return source->is_unfenced(); })) (void)sys::global_barrier();
    if (stopped() || is_ready(Which::dispatched)) watch_->poke();
}

// No busd serves: nothing can come, and whoever polls us must not do so all the time.
void RunLoop::look_again_in(Duration time) {
    set_alarm_within(time);
    watch_->quiet(0);
    if (stopped() || sys::has_passed(next_due()) || events_.is_ready()) watch_->poke();
}

void RunLoop::set_alarm_within(Duration time) {
    early_ = true;
    alarm_->set(std::min(next_due(), sys::deadline_after(time)));
}

// The end of the session too: the next call says so.
bool RunLoop::is_ready(Which which) {
    if (connection_.core()->has_ended()) return true;
    look_around();
    if (connection_.core()->has_ended() || sys::has_passed(next_due()) || events_.is_ready()) return true;
    std::vector<std::shared_ptr<Source>> sources;
    collect(which, sources);
    return std::ranges::any_of(sources, [](auto const& source) { return source->is_ready(); }) || events_.is_ready();
}

// ---- waiting ------------------------------------------------------------------------------------------------------------------

class RunLoop::Everything final : public Awaited {
public:
    Everything(RunLoop& loop, Which which) noexcept : loop_(loop), which_(which) {}

    Wish wish() override {
        loop_.collect(which_, sources_);
        Wish all;
        for (auto const& source : sources_) {
            auto const one = source->wish();
            all.topics |= one.topics;
            all.foreign |= one.foreign;
            all.recheck = std::min(all.recheck, one.recheck);
        }
        sources_.clear();
        auto const due = loop_.next_due();
        if (due != sys::kForever) all.recheck = std::min(all.recheck, std::max(sys::remaining(due), Duration(1)));
        return all;
    }
    bool is_unfenced() override {
        loop_.collect(which_, sources_);
        bool const unfenced = std::ranges::any_of(sources_, [](auto const& source) { return source->is_unfenced(); });
        sources_.clear();
        return unfenced;
    }
    bool look() override { return loop_.is_ready(which_); }

private:
    RunLoop& loop_;
    Which which_;
    std::vector<std::shared_ptr<Source>> sources_;
};

Result<void> RunLoop::run(std::stop_token const& stop) {
    Everything what(*this, Which::dispatched);
    for (;;) {
        if (stopped() || stop.stop_requested()) return {};
        auto const count = dispatch(kRunAtMost);
        if (!count) return count.error();
        if (*count != 0) continue;
        auto const now = connection_.core();
        if (now->is_closed() && now->may_come_back()) {
            (void)connection_.successor(now, sys::deadline_after(kNextTry));
            continue;
        }
        auto const waited = wait_until(*now->data, spin_, sys::kForever, stop, what);
        if (!waited && waited.error() != Errc::cancelled) return waited;
    }
}

Result<void> RunLoop::wait_for(Duration timeout, std::stop_token const& stop) {
    auto const deadline = sys::deadline_after(timeout);
    for (;;) {
        auto const now = connection_.usable(next_look(deadline));
        if (stopped() || (!now && stop.stop_requested())) return Errc::cancelled;
        if (!now) {
            if (now.error() != Errc::no_broker && now.error() != Errc::timeout) return now.error();
            if (sys::has_passed(deadline)) return Errc::timeout;
            continue;
        }
        Everything what(*this, Which::all);
        if (!what.look())
            if (auto found = wait_until(*(*now)->data, spin_, deadline, stop, what); !found) return found;
        if (!(*now)->is_closed()) return {};
        if (!(*now)->may_come_back()) return (*now)->check();
    }
}

// ---- timers and events --------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<TimerState>> RunLoop::timer(std::shared_ptr<ConnectionState> keep, Duration time, bool repeat,
                                                   detail::Callback<void()> callback) {
    if (auto open = is_in_session(); !open) return open.error();
    if (repeat && time <= Duration::zero())
        return Error(Errc::invalid, "a timer every " + std::to_string(time.count()) + " ns", "above zero");
    auto timer = std::make_shared<TimerState>(std::move(keep), std::move(callback), repeat ? time : Duration::zero());
    timers_.add(timer, sys::deadline_after(time));
    something_changed();
    return timer;
}

Result<void> RunLoop::set_events(detail::Callback<void(Event const&)> callback) {
    if (auto open = is_in_session(); !open) return open.error();
    events_.set(std::move(callback));
    something_changed();
    return {};
}

void RunLoop::forget_events() noexcept {
    events_.set({});
    something_changed();
}

void RunLoop::tell(Event event) {
    if (!wants_events()) return;
    events_.tell(std::move(event));
    something_changed();
}

}  // namespace bus::client
