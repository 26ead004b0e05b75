// Receiving from topics. Reliable and best-effort, losses, sleeping: docs/topics.md.
#pragma once

#include <bus/callback.hpp>
#include <bus/handle.hpp>
#include <bus/options.hpp>
#include <bus/sample.hpp>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

namespace bus {

namespace detail {

/// Makes the subscription at busd and attaches the rings there are. Errors: as Connection::subscriber.
Result<std::shared_ptr<client::SubscriberState>> make_subscriber(std::shared_ptr<client::ConnectionState> const& connection,
                                                                 std::string_view pattern, SubscriberOptions const& options,
                                                                 PayloadType const& type);

/// A subscriber without its type: all of it but the type of what it returns.
class SubscriberBase : protected Handle<client::SubscriberState> {
public:
    using Handle::Handle;

    /// For epoll, poll, Asio, Qt: readable while something is there to receive, and perhaps once more. Level-triggered, no draining ritual.
    /// Local to this process, made at the first call; the library's: never read it, never close it.
    ///
    /// Returns: -1 where the process is out of descriptors (errno says so).
    int fd() noexcept;

    /// Messages this subscriber did not get, of all publishers: exact.
    std::uint64_t lost() const noexcept;
    /// The same by publisher, with the reason.
    std::vector<Loss> losses() const;
    /// The last sequence received of each publisher: {.start = position} goes on after it.
    Position position() const;

    /// Publishers whose messages this subscriber gets now.
    std::size_t publishers() const noexcept;
    /// Waits until there are `count` or more of them. Errors: timeout, cancelled, closed, io.
    [[nodiscard]] Result<void> wait_for_publishers(std::size_t count, Duration timeout, std::stop_token stop = {});

protected:
    // Null: `why` says why.
    SamplePointer take(Error& why);
    SamplePointer take_until(Deadline deadline, std::stop_token const& stop, Error& why);
    Result<void> set_callback(Callback<void(SamplePointer)> callback);
    void put_back(Error error);  // said by the next call instead
    static Deadline deadline_after(Duration timeout) noexcept;
};

}  // namespace detail

/// Receives messages of type T from the topics that match a pattern. Made by Connection::subscriber.
///
/// Order is kept per publisher; publishers are merged fairly. Errors of all receiving calls:
///     timeout        nothing came in time: quiet is no error
///     would_block    try_receive: nothing is there
///     cancelled      the stop token, or Connection::stop()
///     invalid        a message that does not parse: said once, counted in losses(), the next call goes on; or a callback is set
///     closed         the connection was closed, or belongs to the parent of a fork
///     not_permitted  a publisher's ring can't be read by this uid: said once for each
/// A broker's death ends no wait.
///
/// Threads: one at a time for each Subscriber.
template <Payload T>
class Subscriber : public detail::SubscriberBase {
public:
    using SubscriberBase::SubscriberBase;

    /// The next message that is there already.
    [[nodiscard]] Result<Sample<T>> try_receive() {
        Error why;
        if (auto block = take(why)) [[likely]]
            return Sample<T>(std::move(block));
        return why;
    }
    [[nodiscard]] Result<Sample<T>> receive(std::stop_token stop = {}) { return receive_until(Deadline::max(), std::move(stop)); }
    [[nodiscard]] Result<Sample<T>> receive_for(Duration timeout, std::stop_token stop = {}) {
        return receive_until(deadline_after(timeout), std::move(stop));
    }
    [[nodiscard]] Result<Sample<T>> receive_until(Deadline deadline, std::stop_token stop = {}) {
        Error why;
        if (auto block = take_until(deadline, stop, why)) [[likely]]
            return Sample<T>(std::move(block));
        return why;
    }

    /// Waits for one message and takes what else is there, `at_most` in all.
    ///
    /// Returns: at least one. Errors: those of the first message; invalid: at_most is 0.
    [[nodiscard]] Result<std::vector<Sample<T>>> receive_many(std::size_t at_most, Duration timeout, std::stop_token stop = {}) {
        if (at_most == 0) return Errc::invalid;
        Error why;
        auto next = take_until(deadline_after(timeout), stop, why);
        if (!next) return why;
        std::vector<Sample<T>> samples;
        for (; next; next = samples.size() < at_most ? take(why) : nullptr) samples.emplace_back(std::move(next));
        if (samples.size() < at_most && why != Errc::would_block) put_back(std::move(why));
        return samples;
    }

    /// Calls `f` with each message from now on, inside Connection::dispatch() and run(). nullptr ends that.
    ///
    /// The handle may be destroyed in the callback. An exception goes through dispatch(); its message is used up.
    /// Errors: closed.
    template <class F>
    requires std::invocable<F&, Sample<T>>
    [[nodiscard]] Result<void> on_sample(F&& f) {
        return set_callback([call = std::forward<F>(f)](detail::SamplePointer block) mutable { call(Sample<T>(std::move(block))); });
    }
    [[nodiscard]] Result<void> on_sample(std::nullptr_t) { return set_callback({}); }
};

}  // namespace bus
