// How a thread of ours waits for anything: it spins a little, then sleeps on a place of the session until it is rung, poked, or late.
//
// The steps are those of docs/models.md, sleep: say what is wanted and that we sleep (odd epoch, attention counters), fence, have the
// publishers that do not fence fenced (membarrier), look once more, wait. Whoever publishes later than our look sees the epoch and rings.
// A publisher that dies between commit and bell rings nobody: so a sleeper looks again 4 times a second at most (BUS_NO_RECHECK=1 in the
// environment turns that net off, for crash tests).
#pragma once

#include <algorithm>
#include <bus/error.hpp>
#include <bus/time.hpp>
#include <cstdint>
#include <stop_token>

#include "client/spin.hpp"
#include "sys/clock.hpp"

namespace bus::client {

class DataSide;

/// What a sleeper is to be rung for.
struct Wish {
    std::uint64_t topics = 0;            // bits of attention counters
    bool foreign = false;                // one of those who shall ring us is of another uid: it can ring the FIFO only
    Duration recheck = Duration::max();  // looks again so often whatever the connection says
};

inline constexpr Duration kRecheck = std::chrono::milliseconds(260);  // below 4 a second with whatever else wakes an idle program

/// Until when to wait for another session, before the stop token is looked at again.
inline sys::Deadline next_look(sys::Deadline deadline) { return std::min(deadline, sys::deadline_after(std::chrono::milliseconds(100))); }

/// What to wait for. Called by the waiting thread alone.
class Awaited {
public:
    virtual Wish wish() = 0;  // asked anew before each sleep
    /// Whether one of the rings says fenced = 0. Asked after the sleeper's fence, before its last look.
    virtual bool is_unfenced() { return false; }
    virtual bool look() = 0;
    /// The same, but may overlook something: for who spins, and looks again at once.
    virtual bool glance() { return look(); }
    /// Whether what was wished for is out of date after look(): then it wishes anew before it sleeps.
    virtual bool is_outdated() { return false; }

protected:
    ~Awaited() = default;
};

/// Waits until look() is true.
/// Errors (bare codes but for the last): timeout; cancelled: `stop` or Connection::stop(); closed: in a forked child; limit: descriptors.
Result<void> wait_until(DataSide& data, Spin& spin, sys::Deadline deadline, std::stop_token const& stop, Awaited& what);

}  // namespace bus::client
