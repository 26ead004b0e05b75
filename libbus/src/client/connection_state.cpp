// One session after another.
#include "client/connection_state.hpp"

#include <algorithm>

#include "client/data_side.hpp"
#include "client/runtime_folder.hpp"
#include "sys/fifo.hpp"
#include "sys/poller.hpp"
#include "wire/control.hpp"

namespace bus::client {

namespace {

constexpr Duration kNap = std::chrono::milliseconds(1), kLongestNap = std::chrono::milliseconds(10);
constexpr Duration kAfterGivenUp = std::chrono::seconds(1);  // each admission that was given up keeps a place in busd for ten

void nap(sys::Deadline deadline, Duration time = kNap) {
    (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline, sys::deadline_after(time)));
}

// On the same bus, by the queue of the next session: it has gone by our word, and its own queue may be what is missing. busd might not
// find out by itself: where the tokens were removed nothing but the FIFO tells it, and that is open as long as anybody holds the session.
void say_left(Core const& ended, Core const& next) {
    if (!ended.bus->is_same_as(*next.bus)) return;
    v1::Request leave;
    leave.mutable_leave();
    leave.set_session(ended.session.index());
    leave.set_session_id(ended.session.id());
    auto mail = wire::mail_of(leave);
    if (!mail || !mail->try_send(next.session.requests())) return;
    if (auto const knock = sys::FifoWriter::open(next.bus->path_of("knock"))) (void)knock->ring();
}

}  // namespace

// The session goes with its last handle. But a callback for events may own handles itself: it must not keep them, and so itself, for ever.
void close(ConnectionState& connection) noexcept {
    if (!connection.in_child()) connection.loop.forget_events();
}

Result<std::shared_ptr<ConnectionState>> ConnectionState::open(ConnectionOptions const& options) {
    auto resolved = resolve(options);
    if (!resolved) return resolved.error();
    auto connection = std::make_shared<ConnectionState>(std::move(*resolved));
    auto core = Core::open(connection->options, connection->loop, sys::deadline_after(connection->options.timeout));
    if (!core) return core.error();
    if (auto opened = connection->loop.open((*core)->data->hub); !opened) return opened.error();
    connection->data_side_ = (*core)->data.get();
    connection->core_ = std::move(*core);
    return connection;
}

std::shared_ptr<Core> ConnectionState::core() const {
    std::lock_guard const lock(mutex_);
    return core_;
}

Result<std::shared_ptr<Core>> ConnectionState::usable(sys::Deadline deadline) {
    if (in_child()) return Core::closed_by_fork();
    auto now = core();
    auto open = now->check();
    if (open) return now;
    if (!now->may_come_back()) return open.error();
    return successor(now, deadline);
}

Result<std::shared_ptr<Core>> ConnectionState::successor(std::shared_ptr<Core> const& ended, sys::Deadline deadline) {
    if (in_child()) return Core::closed_by_fork();
    std::unique_lock const opening(one_opens_, deadline);
    if (!opening) return Errc::timeout;
    auto now = core();
    if (now != ended) return now;
    ended->let_go();
    for (auto rest = kNap;; rest = std::min(2 * rest, kLongestNap)) {
        while (!sys::has_passed(next_opening_)) {
            if (sys::has_passed(deadline)) return Errc::timeout;
            nap(deadline, kLongestNap);
        }
        auto fresh = Core::open(options, loop, deadline);
        if (fresh.error() == Errc::timeout) next_opening_ = sys::deadline_after(kAfterGivenUp);
        if (fresh) {
            say_left(*ended, **fresh);
            go_over_to(*fresh);
            return fresh;
        }
        // busd makes the bus anew just now, or somebody is about to start one.
        if (fresh.error() != Errc::no_broker || sys::has_passed(deadline)) return fresh.error();
        nap(deadline, rest);
    }
}

// Who sleeps in the old session is woken, looks, and finds it ended.
void ConnectionState::go_over_to(std::shared_ptr<Core> fresh) {
    loop.move_to(fresh->data->hub);
    std::vector<std::shared_ptr<Core>> gone;
    std::shared_ptr<Core> before;
    {
        std::lock_guard const lock(mutex_);
        data_side_ = fresh->data.get();
        before = std::exchange(core_, std::move(fresh));
        former_.push_back(before);
        if (poking_ == 0) gone.swap(former_);  // who comes in from here on sees the new one: both are sequentially consistent
    }
    before->data->places.poke_all();
    loop.something_changed();
}

Result<v1::Answer> ConnectionState::request(v1::Request const& request, std::string_view what) {
    auto const deadline = sys::deadline_after(options.timeout);
    auto answer = in_session(*this, [&](Core& core) { return core.request(request, what, deadline); });
    if (!answer) return answer.error();
    return std::move(answer->value);
}

// Where its objects go, any call may find one of them gone, and says so: in a session that has ended its word means nothing.
Result<void> ConnectionState::another_try_after(Error const& error, Core& core, sys::Deadline deadline) {
    if (in_child()) return error;
    bool const ended = !core.check();
    if (ended) return core.may_come_back() ? Result<void>() : error;
    if (core.bus->removed()) {  // another bus comes, as soon as there is a busd to say so
        if (sys::has_passed(deadline)) return no_living_broker(*core.bus, error.what());
        nap(deadline);
        return {};
    }
    if (error != Errc::closed) return error;
    core.give_up();  // the queue of this session alone has gone: another one has another
    return {};
}

void ConnectionState::poke_all() noexcept {
    ++poking_;
    if (auto* const data = data_side_.load()) data->places.poke_all();
    --poking_;
}

}  // namespace bus::client
