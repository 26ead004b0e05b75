// What the publishers and subscribers of one session share: places to sleep, the FIFO's listeners, and the connection's run loop.
#pragma once

#include <memory>

#include "client/core.hpp"
#include "client/fifo_hub.hpp"
#include "client/places.hpp"
#include "client/run_loop.hpp"

namespace bus::client {

/// Threads: any.
class DataSide {
public:
    DataSide(Core& core, RunLoop& loop, shm::OwnAttention attention)
        : core(core), places(core.session, attention), hub(places), loop(loop) {}

    /// Connection::stop() was called: waits say cancelled from now on.
    bool stopped() const noexcept { return loop.stopped(); }

    Core& core;
    Places places;
    FifoHub hub;
    RunLoop& loop;
    /// How often a sleeper looks again by itself.
    Duration const recheck = recheck_from_environment();
    /// Whether membarrier fences our publishers too: found out, and registered for, once per process, while it had one thread only.
    bool const may_go_unfenced = register_for_barrier();

private:
    static Duration recheck_from_environment();
    static bool register_for_barrier();
};

}  // namespace bus::client
