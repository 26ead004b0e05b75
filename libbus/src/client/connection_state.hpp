// Behind a Connection and all handles it made: the session of now, and the run loop. Sessions come and go, this stays.
//
// A session that ends against its will (ipcrm, RemoveIPC, taken for dead) is replaced by another one at the next call that finds out; each
// publisher and subscriber then goes over by itself (publisher_return.cpp, subscriber_return.cpp). One that was ended on purpose (evicted,
// the bus stopped in order) is not.
#pragma once

#include <atomic>
#include <bus/connection_options.hpp>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "client/core.hpp"
#include "client/run_loop.hpp"

namespace bus::client {

/// Threads: any.
class ConnectionState {
public:
    /// Errors: those of resolve() and Core::open.
    static Result<std::shared_ptr<ConnectionState>> open(ConnectionOptions const& options);

    explicit ConnectionState(ConnectionOptions resolved) : options(std::move(resolved)), loop(*this) {}
    ConnectionState(ConnectionState const&) = delete;
    ConnectionState& operator=(ConnectionState const&) = delete;
    ~ConnectionState() = default;

    bool in_child() const noexcept { return guard.in_child(); }

    /// The session of now, which may have ended.
    std::shared_ptr<Core> core() const;
    /// The session of now; where it ended against its will, another one in its place, for which it waits until `deadline`.
    /// Errors: closed: in a forked child, or it ended on purpose; those of successor().
    Result<std::shared_ptr<Core>> usable(sys::Deadline deadline);
    /// What stands in the place of `ended`, which may_come_back(). Waits for a living busd until `deadline`; one that is there may take
    /// options.timeout to admit us. Errors: those of Core::open; no_broker, timeout: no busd came.
    Result<std::shared_ptr<Core>> successor(std::shared_ptr<Core> const& ended, sys::Deadline deadline);
    /// Asks busd within options.timeout, in another session where this one ends meanwhile. Errors: those of usable and Requests::request.
    Result<v1::Answer> request(v1::Request const& request, std::string_view what);
    /// After something failed in that session: nothing where it is worth another try, in the same one or in another. Waits a moment where
    /// that is just to come, but not beyond `deadline`. Errors: `error`; no_broker: the bus was removed, and no busd has said so yet.
    Result<void> another_try_after(Error const& error, Core& core, sys::Deadline deadline);
    /// For signal handlers too: wakes all that sleep.
    void poke_all() noexcept;

private:
    void go_over_to(std::shared_ptr<Core> fresh);

public:
    ConnectionOptions const options;  // nothing empty
    sys::ForkGuard const guard;

private:
    std::timed_mutex one_opens_;    // held while another session is opened
    sys::Deadline next_opening_{};  // under it: busd had no time for us, and we ask no more until then
    mutable std::mutex mutex_;      // the two below
    std::shared_ptr<Core> core_;
    std::vector<std::shared_ptr<Core>> former_;  // those before, which somebody in poke_all() may just be looking at
    std::atomic<DataSide*> data_side_{nullptr};  // that of core_
    std::atomic<unsigned> poking_{0};            // who is in poke_all()

public:
    RunLoop loop;  // gone before the sessions: it listens to their FIFO
};

/// What was made in a session.
template <class T>
struct Made {
    std::shared_ptr<Core> core;
    T value;
};

/// make(core) in the session of now, within options.timeout; where that ends meanwhile against its will, in another one.
/// `make` gives a Result and leaves nothing where it fails.
template <class Make>
auto in_session(ConnectionState& connection, Make&& make) {
    using Value = std::remove_cvref_t<decltype(*std::declval<std::invoke_result_t<Make&, Core&>&>())>;
    auto const deadline = sys::deadline_after(connection.options.timeout);
    for (;;) {
        auto core = connection.usable(deadline);
        if (!core) return Result<Made<Value>>(core.error());
        auto made = make(**core);
        if (made) return Result<Made<Value>>(Made<Value>{std::move(*core), std::move(*made)});
        auto const again = connection.another_try_after(made.error(), **core, deadline);
        if (!again) return Result<Made<Value>>(again.error());
    }
}

}  // namespace bus::client
