// One session with busd, and what is attached for it. Where it ends under our hands (its objects were removed, or it was taken for dead)
// the connection opens another one, and its handles go over to that (connection_state.hpp).
//
// It is made whole by open() and immutable but for what its members do themselves. The last one that holds it destroys it: first the data
// side, then a Leave is sent. In a forked child every function says `closed`: check() comes first everywhere.
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
class RunLoop;

/// What publishers and subscribers of one session share: waiter pool, FIFO, and the connection's run loop. Defined in client/data_side.hpp.
class DataSide;
/// Called once by Core::open. `core` and `loop` outlive what it returns.
Result<std::shared_ptr<DataSide>> make_data_side(Core& core, RunLoop& loop);

class Core {
public:
    /// Says hello to busd and attaches what it gives. `options` are resolved. Waits for a living busd until `deadline`, and for it to admit
    /// us until then too, but options.timeout at least. `loop` outlives what it returns, but for what a sample's type still needs of it.
    /// Errors: those of attach_bus() and admit().
    static Result<std::shared_ptr<Core>> open(ConnectionOptions const& options, RunLoop& loop, sys::Deadline deadline);

    Core(ConnectionOptions resolved, AttachedBusPtr attached, SessionParts parts);
    ~Core();
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    /// Whether the session can be used: closed (with a text) in a forked child, after its end, after the end of the bus.
    /// Costs a few loads; allocates only where it fails. For the slow paths; a publish looks at is_closed() alone.
    Result<void> check() const;
    bool in_child() const noexcept { return guard.in_child(); }
    /// In a forked child, or check() or a request has found that the session ended: two loads.
    bool is_closed() const noexcept { return in_child() || ended_.load(std::memory_order_relaxed); }
    /// is_closed(), and where the directory has changed since the last time, check(): for who finds nothing to do, and sleepers.
    /// Sends then what posts were left unsent.
    bool has_ended() const noexcept;
    /// Of a session that is_closed(): whether it ended against its will, so that its handles go over to another one.
    bool may_come_back() const noexcept;
    /// Nobody answers it any more, though busd has not ended it: its queue was removed. From here on it is_closed().
    void give_up() const noexcept { end(Fate::fenced_off); }
    /// Gives the token back: another session takes this one's place, and what is read of it to the end needs no token.
    void let_go() noexcept { session.give_token_back(); }
    /// The text for a forked child.
    static Error closed_by_fork();
    /// The text for a Connection without a Core.
    static Error closed_by_move();

    /// check(), then Requests::request until `deadline`.
    Result<v1::Answer> request(v1::Request request, std::string_view what, sys::Deadline deadline);
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
    void end(Fate fate) const noexcept;

    mutable std::atomic<bool> ended_ = false;
    mutable std::atomic<Fate> fate_ = Fate::ours;        // stored before ended_
    mutable std::atomic<std::uint64_t> seen_epoch_ = 0;  // of the directory, at the last has_ended()
};

}  // namespace bus::client
