// The public Publisher: making one, and its calls handed on.
#include <bus/name.hpp>
#include <bus/publisher.hpp>

#include "client/publisher_state.hpp"
#include "client/topic_requests.hpp"

namespace bus {

namespace detail {

Result<std::shared_ptr<client::PublisherState>> make_publisher(std::shared_ptr<client::ConnectionState> const& connection,
                                                               std::string_view topic, PublisherOptions const& options,
                                                               PayloadType const& type) {
    if (!connection) return client::Core::closed_by_move();
    if (auto const named = check_name(topic); !named) return named.error();
    if (options.ring_bytes == 0) return Error(Errc::invalid, "a ring of 0 bytes for " + std::string(topic), "at least 4096 are made of it");
    if (options.evict_after < Duration::zero()) return Error(Errc::invalid, "evict_after below zero for " + std::string(topic), "0: never");
    auto schema = client::schema_of(type, options.schema);
    if (!schema) return schema.error();
    auto made = client::in_session(*connection,
                                   [&](client::Core& core) { return client::PublisherState::make_ring(core, topic, options, *schema); });
    if (!made) return made.error();
    auto state = std::make_shared<client::PublisherState>(connection, std::move(made->core), topic, options, type, std::move(*schema),
                                                          std::move(made->value));
    connection->loop.add_surrounded(state);
    return state;
}

// ---- loans --------------------------------------------------------------------------------------------------------------------

LoanBase::LoanBase(std::shared_ptr<client::PublisherState> state, std::span<std::byte> room) noexcept
    : state_(std::move(state)), room_(room) {}

LoanBase::LoanBase(LoanBase&& other) noexcept : state_(std::move(other.state_)), room_(std::exchange(other.room_, {})) {}

LoanBase& LoanBase::operator=(LoanBase&& other) noexcept {
    LoanBase old(std::move(other));
    state_.swap(old.state_);
    std::swap(room_, old.room_);
    return *this;
}

LoanBase::~LoanBase() {
    if (state_) state_->cancel_loan();
}

Result<std::uint64_t> LoanBase::commit(std::size_t used_bytes) {
    if (!state_) return Error(Errc::invalid, "this loan was published already");
    if (used_bytes > room_.size())
        return Error(Errc::invalid,
                     std::to_string(used_bytes) + " bytes of a loan of " + std::to_string(room_.size()) + " on " + state_->topic());
    room_ = {};
    return std::exchange(state_, nullptr)->commit_loan(used_bytes);
}

// ---- PublisherBase ------------------------------------------------------------------------------------------------------------

namespace {
Error moved() { return Error(Errc::closed, "this Publisher was moved from"); }
}  // namespace

Result<void> PublisherBase::wait_for_subscribers(std::size_t count, Duration timeout, std::stop_token stop) {
    if (!state_) return moved();
    return state_->wait_for_subscribers(count, sys::deadline_after(timeout), stop);
}

std::size_t PublisherBase::subscribers() const noexcept { return state_ ? state_->subscribers() : 0; }

std::uint64_t PublisherBase::dropped() const noexcept { return state_ ? state_->dropped() : 0; }

std::uint64_t PublisherBase::evicted() const noexcept { return state_ ? state_->evicted() : 0; }

std::size_t PublisherBase::max_message_bytes() const noexcept { return state_ ? state_->max_message_bytes() : 0; }

PublisherId PublisherBase::id() const noexcept { return state_ ? state_->id() : 0; }

std::string const& PublisherBase::topic() const noexcept {
    static std::string const none;
    return state_ ? state_->topic() : none;
}

Result<std::uint64_t> PublisherBase::publish_message(google::protobuf::MessageLite const& message, PublishOptions const* options) {
    if (!state_) [[unlikely]]
        return moved();
    return state_->publish(message, options);
}

Result<std::uint64_t> PublisherBase::publish_span(std::span<std::byte const> bytes, PublishOptions const* options) {
    if (!state_) [[unlikely]]
        return moved();
    return state_->publish(bytes, options);
}

Result<std::uint64_t> PublisherBase::publish_many(Batch const& batch) {
    if (!state_) return moved();
    return state_->publish(batch);
}

Result<std::uint64_t> PublisherBase::publish_checked(google::protobuf::Message const& message, PublishOptions const& options) {
    if (!state_) return moved();
    if (auto same = state_->check_type(message); !same) return same.error();
    return state_->publish(message, &options);
}

Result<std::span<std::byte>> PublisherBase::borrow(std::size_t bytes) {
    if (!state_) return moved();
    return state_->borrow(bytes);
}

}  // namespace detail

}  // namespace bus
