// The public Connection: a thin face over Core, the run loop and the directory.
#include <bus/connection.hpp>
#include <bus/version.hpp>

#include "client/connection_state.hpp"
#include "client/core.hpp"
#include "client/look.hpp"

namespace bus {

Result<Connection> Connection::open(ConnectionOptions const& options) {
    auto state = client::ConnectionState::open(options);
    if (!state) return state.error();
    return Connection(std::move(*state));
}

int Connection::fd() const noexcept { return state_ && !state_->in_child() ? state_->loop.fd() : -1; }

Result<std::size_t> Connection::dispatch(std::size_t at_most) {
    auto const keep = state_;  // a callback may destroy this Connection
    if (!keep) return client::Core::closed_by_move();
    if (keep->in_child()) return client::Core::closed_by_fork();
    return keep->loop.dispatch(at_most);
}

Result<void> Connection::run(std::stop_token stop) {
    auto const keep = state_;  // likewise
    if (!keep) return client::Core::closed_by_move();
    if (keep->in_child()) return client::Core::closed_by_fork();
    return keep->loop.run(stop);
}

Result<void> Connection::wait_for(Duration timeout, std::stop_token stop) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    return state_->loop.wait_for(timeout, stop);
}

void Connection::stop() noexcept {
    if (state_ && !state_->in_child()) state_->loop.stop();
}

Result<Timer> Connection::timer(Duration time, bool repeat, detail::Callback<void()> callback) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    auto timer = state_->loop.timer(state_, time, repeat, std::move(callback));
    if (!timer) return timer.error();
    return Timer(std::move(*timer));
}

Result<void> Connection::set_events(detail::Callback<void(Event const&)> callback) {
    if (!state_) return client::Core::closed_by_move();
    if (state_->in_child()) return client::Core::closed_by_fork();
    return state_->loop.set_events(std::move(callback));
}

bool Connection::broker_alive() const noexcept { return state_ && !state_->in_child() && state_->core()->bus->broker_alive(); }

Result<std::vector<TopicInfo>> Connection::topics(std::string_view pattern) const {
    if (!state_) return client::Core::closed_by_move();
    auto const core = state_->usable(sys::deadline_after(state_->options.timeout));
    if (!core) return core.error();
    return client::Look(*(*core)->bus, (*core)->segments).topics(pattern);
}

Result<std::vector<ClientInfo>> Connection::clients() const {
    if (!state_) return client::Core::closed_by_move();
    auto const core = state_->usable(sys::deadline_after(state_->options.timeout));
    if (!core) return core.error();
    return client::Look(*(*core)->bus, (*core)->segments).clients();
}

Result<Schema> Connection::schema(std::string_view type_or_topic) const {
    if (!state_) return client::Core::closed_by_move();
    auto const core = state_->usable(sys::deadline_after(state_->options.timeout));
    if (!core) return core.error();
    return client::Look(*(*core)->bus, (*core)->segments).schema(type_or_topic);
}

std::string_view version() noexcept { return BUS_VERSION; }

}  // namespace bus
