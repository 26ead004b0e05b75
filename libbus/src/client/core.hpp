// What a Connection and all handles it made share: one session with busd, and what is attached for it.
//
// It is made whole by Connection::open and immutable but for what its members do themselves. The last handle that goes destroys it:
// first the data side, then a Leave is sent. In a forked child every function says `closed`: check() comes first everywhere.
#pragma once

#include <atomic>
#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <memory>
#include <mutex>
#include <string_view>

#include "client/attached_bus.hpp"
#include "client/peers.hpp"
#include "client/requests.hpp"
#include "client/segment_cache.hpp"
#include "client/session.hpp"
#include "sys/fork_guard.hpp"

namespace bus::client {

class Core;

/// What publishers and subscribers of one connection share: waiter pool, dispatcher, timers, events. Defined in client/data_side.hpp.
class DataSide;
/// Called once by Connection::open, before any handle exists. `core` outlives what it returns.
Result<std::shared_ptr<DataSide>> make_data_side(Core& core);

class Core {
public:
    /// Says hello to busd and attaches what it gives. `options` are as the user gave them. All within options.timeout.
    /// Errors: those of resolve(), attach_bus() and admit().
    static Result<std::shared_ptr<Core>> open(ConnectionOptions const& options);

    Core(ConnectionOptions resolved, AttachedBusPtr attached, SessionParts parts);
    ~Core();
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    /// Whether the session can be used: closed (with a text) in a forked child, after eviction, after the end of the bus.
    /// Costs a few loads; allocates only where it fails. For the slow paths; a publish looks at in_child() alone.
    Result<void> check() const;
    bool in_child() const noexcept { return guard.in_child(); }
    /// In a forked child, or check() or a request has found that the session ended: two loads.
    bool is_closed() const noexcept { return in_child() || ended_.load(std::memory_order_relaxed); }
    /// is_closed(), and where the directory has changed since the last time, check(): for who finds nothing to do, and sleepers.
    /// Sends then what posts were left unsent.
    bool has_ended() const noexcept;
    /// The text for a forked child.
    static Error closed_by_fork();
    /// The text for a Connection without a Core.
    static Error closed_by_move();

    /// check(), then Requests::request within options.timeout.
    Result<v1::Answer> request(v1::Request request, std::string_view what);
    /// Without answer and without waiting; for destructors. Does nothing in a forked child.
    void post(v1::Request request) noexcept;

    ConnectionOptions const options;  // nothing empty
    sys::ForkGuard const guard;
    AttachedBusPtr const bus;  // folder and directory
    Session session;           // token, cursor segment, bells, FIFO, attention
    SegmentCache segments;     // rings and cursors of others, and our own arenas
    Peers peers;               // the other sessions
    mutable Requests requests;
    std::shared_ptr<DataSide> data;  // gone before all the others

private:
    mutable std::atomic<bool> ended_ = false;
    mutable std::atomic<std::uint64_t> seen_epoch_ = 0;  // of the directory, at the last has_ended()
};

}  // namespace bus::client
