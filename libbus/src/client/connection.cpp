// The public Connection: a thin face over Core, the run loop and the directory.
#include <bus/connection.hpp>
#include <bus/version.hpp>

#include "client/core.hpp"
#include "client/data_side.hpp"
#include "client/look.hpp"

namespace bus {

// The session goes with its last handle. But a callback for events may own handles itself: it must not keep them, and so itself, for ever.
void client::close(client::Core& core) noexcept {
    if (!core.in_child()) (void)core.data->loop.set_events({});
}

Result<Connection> Connection::open(ConnectionOptions const& options) {
    auto core = client::Core::open(options);
    if (!core) return core.error();
    return Connection(std::move(*core));
}

int Connection::fd() const noexcept { return state_ && !state_->in_child() ? state_->data->loop.fd() : -1; }

Result<std::size_t> Connection::dispatch(std::size_t at_most) {
    auto const keep = state_;  // a callback may destroy this Connection
    if (!keep) return client::Core::closed_by_move();
    if (keep->in_child()) return client::Core::closed_by_fork();
    return keep->data->loop.dispatch(at_most);
}

Result<void> Connection::run(std::stop_token stop) {
    auto const keep = state_;  // likewise
    if (!keep) return client::Core::closed_by_move();
    if (keep->in_child()) return client::Core::closed_by_fork();
    return keep->data->loop.run(stop);
}

Result<void> Connection::wait_for(Duration timeout, std::stop_token stop) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    return state_->data->loop.wait_for(timeout, stop);
}

void Connection::stop() noexcept {
    if (state_ && !state_->in_child()) state_->data->loop.stop();
}

Result<Timer> Connection::timer(Duration time, bool repeat, detail::Callback<void()> callback) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    auto timer = state_->data->loop.timer(state_, time, repeat, std::move(callback));
    if (!timer) return timer.error();
    return Timer(std::move(*timer));
}

Result<void> Connection::set_events(detail::Callback<void(Event const&)> callback) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    return state_->data->loop.set_events(std::move(callback));
}

bool Connection::broker_alive() const noexcept { return state_ && !state_->in_child() && state_->bus->broker_alive(); }

Result<std::vector<TopicInfo>> Connection::topics(std::string_view pattern) const {
    if (!state_) return client::Core::closed_by_move();
    if (auto usable = state_->check(); !usable) return usable.error();
    return client::Look(*state_->bus, state_->segments).topics(pattern);
}

Result<std::vector<ClientInfo>> Connection::clients() const {
    if (!state_) return client::Core::closed_by_move();
    if (auto usable = state_->check(); !usable) return usable.error();
    return client::Look(*state_->bus, state_->segments).clients();
}

Result<Schema> Connection::schema(std::string_view type_or_topic) const {
    if (!state_) return client::Core::closed_by_move();
    if (auto usable = state_->check(); !usable) return usable.error();
    return client::Look(*state_->bus, state_->segments).schema(type_or_topic);
}

std::string_view version() noexcept { return BUS_VERSION; }

}  // namespace bus
