// The public Subscriber: making one, and its calls handed on.
#include <bus/name.hpp>
#include <bus/subscriber.hpp>

#include "client/subscriber_state.hpp"
#include "client/topic_requests.hpp"

namespace bus::detail {

namespace {

Error moved() { return Error(Errc::closed, "this Subscriber was moved from"); }

Result<void> check(SubscriberOptions const& options, std::string_view pattern) {
    if (options.reliable && options.observe)
        return Error(Errc::invalid, "an observer of " + std::string(pattern) + " can't be reliable", "leave out one of the two");
    if (options.start_sequence != 0 && !options.start.empty())
        return Error(Errc::invalid, "start_sequence and start exclude each other", "leave out one of the two");
    return check_pattern(pattern);
}

}  // namespace

Result<std::shared_ptr<client::SubscriberState>> make_subscriber(std::shared_ptr<client::ConnectionState> const& connection,
                                                                 std::string_view pattern, SubscriberOptions const& options,
                                                                 PayloadType const& type) {
    if (!connection) return client::Core::closed_by_move();
    if (auto const good = check(options, pattern); !good) return good.error();
    bool const any = type.kind == PayloadType::Kind::any || type.kind == PayloadType::Kind::bytes;
    auto const schema = any ? Result<Schema>(Schema()) : client::schema_of(type, std::nullopt);
    if (!schema) return schema.error();
    auto made = client::in_session(
        *connection, [&](client::Core& core) { return client::SubscriberState::subscribe(core, pattern, options, *schema, any); });
    if (!made) return made.error();
    auto state = std::make_shared<client::SubscriberState>(connection, std::move(made->core), pattern, options, type, *schema, made->value);
    if (auto begun = state->begin(); !begun) return begun.error();
    connection->loop.add(state);
    return state;
}

int SubscriberBase::fd() noexcept { return state_ ? state_->fd() : -1; }

std::uint64_t SubscriberBase::lost() const noexcept { return state_ ? state_->lost() : 0; }

std::vector<Loss> SubscriberBase::losses() const { return state_ ? state_->losses() : std::vector<Loss>(); }

Position SubscriberBase::position() const { return state_ ? state_->position() : Position(); }

std::size_t SubscriberBase::publishers() const noexcept { return state_ ? state_->publishers() : 0; }

Result<void> SubscriberBase::wait_for_publishers(std::size_t count, Duration timeout, std::stop_token stop) {
    if (!state_) return moved();
    return state_->wait_for_publishers(count, sys::deadline_after(timeout), stop);
}

SamplePointer SubscriberBase::take(Error& why) {
    if (state_) [[likely]]
        return state_->take(why);
    why = moved();
    return nullptr;
}

SamplePointer SubscriberBase::take_until(Deadline deadline, std::stop_token const& stop, Error& why) {
    if (state_) [[likely]]
        return state_->take_until(deadline, stop, why);
    why = moved();
    return nullptr;
}

Result<void> SubscriberBase::set_callback(Callback<void(SamplePointer)> callback) {
    if (!state_) return moved();
    return state_->set_callback(std::move(callback));
}

void SubscriberBase::put_back(Error error) {
    if (state_) state_->put_back(std::move(error));
}

Deadline SubscriberBase::deadline_after(Duration timeout) noexcept { return sys::deadline_after(timeout); }

}  // namespace bus::detail
