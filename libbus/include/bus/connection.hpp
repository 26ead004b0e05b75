// The way onto a bus: everything else is made by a Connection. Admission and requests: docs/decisions/0001-spine.md.
#pragma once

#include <bus/callback.hpp>
#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <bus/event.hpp>
#include <bus/handle.hpp>
#include <bus/introspect.hpp>
#include <bus/options.hpp>
#include <bus/payload.hpp>
#include <bus/publisher.hpp>
#include <bus/schema.hpp>
#include <bus/subscriber.hpp>
#include <bus/timer.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <vector>

namespace bus {

/// A session with the broker, shared by all handles that were made of it: they may outlive it, and keep it up. Where the bus's objects are
/// removed under it another session takes its place, and the same handles go on, descriptors too: docs/reliability.md. Not after evict().
/// Threads: any, but for dispatch() and run(): one at a time. After a fork the child's copy says `closed`.
class Connection : detail::Handle<client::ConnectionState> {
public:
    using Handle::Handle;

    /// Connects to a bus. Where its broker has died, waits for the next one; where there is no such bus, doesn't.
    ///
    /// Errors:  no_broker      nobody serves the bus: names every place looked at, or the other IPC namespace
    ///          not_permitted  the runtime folder belongs to somebody else, or the broker refuses our uid
    ///          conflict       the broker has another version: names both
    ///          timeout        a broker is there and did not admit us within options.timeout: says where it stopped
    ///          invalid        the bus's or our own name; a relative runtime_dir
    ///          limit          the broker has no place for another session, or we have no descriptor
    [[nodiscard]] static Result<Connection> open(ConnectionOptions const& options = {});

    /// Makes a publisher with a ring of its own.
    ///
    /// Errors:  invalid          name, sizes, or a schema where T is not Any        schema_mismatch  the topic has another type
    ///          not_permitted    by the broker's rules; names that begin with $bus/ too_large        ring_bytes, or the descriptor set
    ///          limit            the broker's tables or the kernel's memory         timeout, no_broker, closed
    template <Payload T>
    [[nodiscard]] Result<Publisher<T>> publisher(std::string_view topic, PublisherOptions const& options = {}) {
        auto state = detail::make_publisher(state_, topic, options, detail::payload_type<T>());
        if (!state) return state.error();
        return Publisher<T>(std::move(*state));
    }

    /// Subscribes to a topic, or to all topics of a pattern, those that come later too.
    ///
    /// Errors:  invalid          pattern, options that exclude each other           schema_mismatch  the topic has another type
    ///          not_permitted    by the broker's rules                              limit            the broker's tables
    ///          timeout, no_broker, closed
    template <Payload T>
    [[nodiscard]] Result<Subscriber<T>> subscriber(std::string_view pattern, SubscriberOptions const& options = {}) {
        auto state = detail::make_subscriber(state_, pattern, options, detail::payload_type<T>());
        if (!state) return state.error();
        return Subscriber<T>(std::move(*state));
    }

    /// Made by open(); readable exactly while dispatch() would do something. The library's: never read it, never close it.
    int fd() const noexcept;
    /// Runs the callbacks that are due, at most so many, and waits for nothing. Exceptions of callbacks go through.
    /// Returns: how many it ran. Errors: invalid: called inside a callback; closed.
    [[nodiscard]] Result<std::size_t> dispatch(std::size_t at_most = SIZE_MAX);
    /// Dispatches until stopped, by `stop` or by stop(): that is success. Errors: closed; invalid: inside a callback.
    [[nodiscard]] Result<void> run(std::stop_token stop = {});
    /// Sleeps until something of this connection can be received or dispatched. Errors: timeout, cancelled, closed.
    [[nodiscard]] Result<void> wait_for(Duration timeout, std::stop_token stop = {});
    /// From now on run() returns and waits say cancelled. Any thread, signal handlers too.
    void stop() noexcept;

    /// Calls f() in dispatch() every `period`, or once after `delay`, as long as the Timer lives. Errors: invalid: no positive period;
    /// closed.
    template <class F>
    requires std::invocable<F&>
    [[nodiscard]] Result<Timer> every(Duration period, F&& f) {
        return timer(period, true, detail::Callback<void()>(std::forward<F>(f)));
    }
    template <class F>
    requires std::invocable<F&>
    [[nodiscard]] Result<Timer> after(Duration delay, F&& f) {
        return timer(delay, false, detail::Callback<void()>(std::forward<F>(f)));
    }
    /// Calls f(event) in dispatch() for what happens on the bus. One at a time: a second call replaces the first. Errors: closed.
    template <class F>
    requires std::invocable<F&, Event const&>
    [[nodiscard]] Result<void> on_event(F&& f) {
        return set_events(detail::Callback<void(Event const&)>(std::forward<F>(f)));
    }

    /// Whether a broker lives just now. All but requests goes on without.
    bool broker_alive() const noexcept;

    /// What is there just now. Rates are 0 where publishers don't stamp, and where we may not read the topic.
    /// Errors: invalid: the pattern; closed.
    [[nodiscard]] Result<std::vector<TopicInfo>> topics(std::string_view pattern = "**") const;
    [[nodiscard]] Result<std::vector<ClientInfo>> clients() const;
    /// The type of a topic, or the type of that name if any topic has it. Errors: not_found, closed; invalid: the bus has a broken one.
    [[nodiscard]] Result<Schema> schema(std::string_view type_or_topic) const;

    /// Ends another client's session: what it had published is read to the end, what it reads is let go, its handles say closed (a
    /// publisher perhaps one message late, which nobody gets). Its process stays, and may connect again. To evict it twice does nothing.
    ///
    /// `client_id` is ClientInfo::id, never used twice: it can't hit somebody else. Returns when it is done.
    /// Errors:  not_found      there is no such session (any more)
    ///          not_permitted  the client is of another uid, and the broker's rules do not let us operate
    ///          invalid        it is ourselves: destroy the connection instead
    ///          timeout, no_broker, closed: nothing is known of it then, it may be carried out still
    [[nodiscard]] Result<void> evict(std::uint64_t client_id);
    /// Removes a topic that nobody uses, and with it what is retained there. Subscribers by a pattern that were there read to the end what
    /// they have not read yet; then it is gone, and begins anew, with any type, when somebody comes to it. Returns when it is carried out.
    ///
    /// Errors:  not_found      there is no such topic
    ///          conflict       publishers or subscribers by name are there, observers too: their clients are named; nothing was removed
    ///          not_permitted  the broker's rules do not let us operate it, our own topics too
    ///          invalid        the name
    ///          timeout, no_broker, closed: nothing is known of it then, it may be carried out still
    [[nodiscard]] Result<void> remove_topic(std::string_view name);

private:
    Result<Timer> timer(Duration time, bool repeat, detail::Callback<void()> callback);
    Result<void> set_events(detail::Callback<void(Event const&)> callback);
};

}  // namespace bus
