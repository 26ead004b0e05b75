// What a connection is told besides messages: kept until dispatch() hands it on, and only where somebody asked for it.
//
// A broker's death rings nobody, so while events are wanted the `alive` set is looked at 4 times a second.
#pragma once

#include <atomic>
#include <bus/callback.hpp>
#include <bus/event.hpp>
#include <deque>
#include <memory>
#include <mutex>

#include "sys/clock.hpp"

namespace bus::client {

class ConnectionState;

/// Threads: any; run() one at a time.
class Events {
public:
    using Callback = detail::Callback<void(Event const&)>;

    explicit Events(ConnectionState const& connection) noexcept : connection_(connection) {}

    /// An empty one: nobody wants to be told any more.
    void set(Callback callback);
    bool are_wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
    /// Dropped where nobody wants it. Beyond kMost the oldest go: whoever never dispatches must not fill the memory.
    void tell(Event event);

    bool is_ready() const;
    std::size_t run(std::size_t at_most);
    /// When to look at the broker again; kForever where nobody wants to know.
    sys::Deadline next_look() const;
    void look_at_broker();

private:
    static constexpr std::size_t kMost = 1024;

    ConnectionState const& connection_;
    std::atomic<bool> wanted_{false};
    mutable std::mutex mutex_;
    std::deque<Event> waiting_;
    std::shared_ptr<Callback> callback_;
    bool broker_lives_ = true;
    sys::Deadline next_look_ = sys::kForever;
};

}  // namespace bus::client
