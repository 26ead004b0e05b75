// Publishing on a topic. Ring, wake-up and what is guaranteed: docs/topics.md.
#pragma once

#include <bus/handle.hpp>
#include <bus/options.hpp>
#include <bus/payload.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace bus {

namespace detail {

/// Several messages as the compiled part sees them; one of the two functions is set.
struct Batch {
    void const* first;
    std::size_t count;
    google::protobuf::MessageLite const& (*message_at)(void const* first, std::size_t index);
    std::span<std::byte const> (*bytes_at)(void const* first, std::size_t index);
};

/// Makes the ring at busd and attaches it. Errors: as Connection::publisher.
Result<std::shared_ptr<client::PublisherState>> make_publisher(std::shared_ptr<client::ConnectionState> const& connection,
                                                               std::string_view topic, PublisherOptions const& options,
                                                               PayloadType const& type);

/// A loan without its type.
class LoanBase {
public:
    LoanBase(std::shared_ptr<client::PublisherState> state, std::span<std::byte> room) noexcept;
    LoanBase(LoanBase&& other) noexcept;
    LoanBase& operator=(LoanBase&& other) noexcept;
    LoanBase(LoanBase const&) = delete;
    LoanBase& operator=(LoanBase const&) = delete;

protected:
    ~LoanBase();
    Result<std::uint64_t> commit(std::size_t used_bytes);

    std::shared_ptr<client::PublisherState> state_;  // null once it was published
    std::span<std::byte> room_;
};

/// A publisher without its type: all of it but the names of the calls.
class PublisherBase : protected Handle<client::PublisherState> {
public:
    using Handle::Handle;

    /// Waits until `count` subscribers or more would get the next message, observers included.
    ///
    /// Errors:  timeout; cancelled: `stop`, or Connection::stop(); closed; io
    [[nodiscard]] Result<void> wait_for_subscribers(std::size_t count, Duration timeout, std::stop_token stop = {});
    /// Subscribers, observers included, that would get the next message.
    std::size_t subscribers() const noexcept;
    /// Messages given up because of WhenFull::drop.
    std::uint64_t dropped() const noexcept;
    /// Reliable subscribers whose place was taken away because of PublisherOptions::evict_after.
    std::uint64_t evicted() const noexcept;
    /// Longest message, serialized: a quarter of the ring less what its head takes.
    std::size_t max_message_bytes() const noexcept;
    PublisherId id() const noexcept;
    std::string const& topic() const noexcept;

protected:
    Result<std::uint64_t> publish_message(google::protobuf::MessageLite const& message, PublishOptions const* options);
    Result<std::uint64_t> publish_span(std::span<std::byte const> bytes, PublishOptions const* options);
    Result<std::uint64_t> publish_many(Batch const& batch);
    Result<std::uint64_t> publish_checked(google::protobuf::Message const& message,
                                          PublishOptions const& options);  // Any: of the topic's type?
    Result<std::span<std::byte>> borrow(std::size_t bytes);
};

}  // namespace detail

/// Room in the ring to write a message in place. One at a time; meanwhile publish() and loan() of that Publisher are would_block.
///
/// What the room holds at first is unspecified. The destructor gives it back: nothing is published.
/// Threads: one at a time; another one than the Publisher's is fine.
template <Payload T>
class [[nodiscard]] Loan : detail::LoanBase {
public:
    using LoanBase::LoanBase;

    /// The room, aligned to 64.
    std::span<std::byte> bytes() noexcept { return room_; }
    T* operator->() noexcept requires PlainType<T>
    {
        return reinterpret_cast<T*>(room_.data());
    }
    T& operator*() noexcept requires PlainType<T>
    {
        return *reinterpret_cast<T*>(room_.data());
    }

    /// Publishes the first `used_bytes` of the room. Waits for nobody.
    ///
    /// Returns: the message's sequence number.
    /// Errors:  invalid: more than the room, or published already; closed
    [[nodiscard]] Result<std::uint64_t> publish(std::size_t used_bytes) { return commit(used_bytes); }
    [[nodiscard]] Result<std::uint64_t> publish() requires PlainType<T>
    {
        return commit(sizeof(T));
    }
};

/// Publishes messages of type T on one topic, through a ring of its own. Made by Connection::publisher.
///
/// Threads: any; calls on one Publisher are serialized. Destroying and moving are for one thread alone.
template <Payload T>
class Publisher : public detail::PublisherBase {
public:
    using PublisherBase::PublisherBase;

    /// Copies one message into the publisher's ring and wakes the subscribers that sleep. Waits for nobody unless a reliable subscriber
    /// is a whole ring behind and when_full is WhenFull::wait.
    ///
    /// Shape:   `message` serializes to at most max_message_bytes(); it is not kept after the call.
    /// Returns: the message's number: 1, 2, 3 ... of this publisher; no gaps but those of WhenFull::drop.
    /// Errors:  too_large      nothing was written
    ///          would_block    a reliable subscriber is a ring behind and when_full is WhenFull::refuse; or a Loan is out
    ///          timeout        the same with WhenFull::wait, for wait_for long
    ///          cancelled      Connection::stop() while it waited
    ///          invalid        a protobuf message lacks required fields, or is above 2 GiB
    ///          closed         closed, or the parent's of a fork        no_broker  the bus was removed, and no busd serves another yet
    [[nodiscard]] Result<std::uint64_t> publish(T const& message) requires(!std::same_as<T, Any>)
    {
        return publish_any(message, nullptr);
    }
    [[nodiscard]] Result<std::uint64_t> publish(T const& message, PublishOptions const& options) requires(!std::same_as<T, Any>)
    {
        return publish_any(message, &options);
    }
    /// For Publisher<Any>: the message must be of the type of its schema. Errors: as above; schema_mismatch.
    [[nodiscard]] Result<std::uint64_t> publish(google::protobuf::Message const& message, PublishOptions const& options = {})
        requires std::same_as<T, Any>
    {
        return publish_checked(message, options);
    }

    /// Publishes all of them or none. Subscribers see them at once.
    ///
    /// Shape:   all together, with their heads, at most a quarter of the ring.
    /// Returns: the last one's number. Errors: as publish; invalid: `messages` is empty.
    [[nodiscard]] Result<std::uint64_t> publish_batch(std::span<T const> messages) requires(!std::same_as<T, Any>)
    {
        detail::Batch batch{messages.data(), messages.size(), nullptr, nullptr};
        if constexpr (ProtoType<T>)
            batch.message_at = [](void const* first, std::size_t index) -> google::protobuf::MessageLite const& {
                return static_cast<T const*>(first)[index];
            };
        else
            batch.bytes_at = [](void const* first, std::size_t index) { return bytes_of(static_cast<T const*>(first)[index]); };
        return publish_many(batch);
    }

    /// Publishes a message that was serialized already. Not checked: a subscriber finds out whether it parses.
    ///
    /// Errors: as publish; invalid: for a plain struct, another size.
    [[nodiscard]] Result<std::uint64_t> publish_bytes(std::span<std::byte const> serialized, PublishOptions const& options = {}) {
        return publish_span(serialized, &options);
    }

    /// Lends room for a message of at most `bytes`. Waits as publish() does.
    ///
    /// Errors: as publish.
    [[nodiscard]] Result<Loan<T>> loan(std::size_t bytes) requires(!PlainType<T>)
    {
        return lend(bytes);
    }
    [[nodiscard]] Result<Loan<T>> loan(std::size_t bytes = sizeof(T)) requires PlainType<T>
    {
        return lend(bytes < sizeof(T) ? sizeof(T) : bytes);
    }

private:
    static std::span<std::byte const> bytes_of(T const& message) {
        if constexpr (PlainType<T>)
            return std::as_bytes(std::span(&message, 1));
        else
            return message;
    }
    Result<std::uint64_t> publish_any(T const& message, PublishOptions const* options) {
        if constexpr (ProtoType<T>)
            return publish_message(message, options);
        else
            return publish_span(bytes_of(message), options);
    }
    Result<Loan<T>> lend(std::size_t bytes) {
        auto room = borrow(bytes);
        if (!room) return room.error();
        return Loan<T>(state_, *room);
    }
};

}  // namespace bus
