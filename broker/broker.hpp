// busd at work: one thread around epoll.
//
// A message queue can't be polled, so whoever sends rings the knock. Who dies between sending and knocking is noticed by its FIFO; then,
// and once a second anyway, all queues are looked into, and whether all is still there.
#pragma once

#include <bus/error.hpp>
#include <memory>
#include <optional>
#include <string>

#include "bus_folder.hpp"
#include "dispatcher.hpp"
#include "removal_watch.hpp"
#include "startup.hpp"
#include "sys/process.hpp"
#include "sys/signal_fd.hpp"

namespace bus::broker {

enum class Ending {
    clean,     // SIGTERM, SIGINT: everything goes
    handover,  // SIGQUIT: everything stays for the next busd
    anew,      // somebody removed what nobody can do without: everything goes, and a new bus begins
    taken,     // another busd has the folder: what is in it is its own
};

class Broker {
public:
    /// `in_place_of_another`: somebody has removed the objects of the bus before, and may not have done yet.
    Broker(BusFolder& folder, State& state, sys::SignalFd& signals, std::string config_path, bool in_place_of_another);

    /// Serves until a signal ends it.
    Result<Ending> run();

private:
    sys::Deadline next_look() const;
    Result<void> handle_ready(std::uint64_t tag);
    Result<void> handle_signals();
    void watch_for_removal();
    sys::Duration tick_period() const;
    void read_config_again();
    void check_whole();
    void tick();

    BusFolder& folder_;
    State& state_;
    Dispatcher dispatcher_;
    sys::SignalFd& signals_;
    std::string config_path_;
    std::optional<RemovalWatch> removal_;
    sys::Deadline last_tick_;
    sys::Deadline hurry_until_;  // somebody is just removing objects: it looks often
    bool more_ = true;           // a queue may have more than a turn took
    bool waiting_ = false;       // a lobby had no room
    std::optional<Ending> ending_;
};

/// Ends the bus: tells the clients, names what is dropped, removes every object and every file. Ending::clean is for good; else the clients
/// go over to the bus that comes in its place.
void end_bus(BusFolder& folder, State& state, Ending ending);
/// The same without the folder, which is another one's by now.
void end_objects(State& state, Ending ending);

}  // namespace bus::broker
