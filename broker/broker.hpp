// busd at work: one thread around epoll.
//
// A message queue can't be polled, so whoever sends rings the knock. Who dies between sending and knocking is noticed by its FIFO; then,
// and once a second while there are sessions, all queues are looked into. With no sessions and nothing in flight busd sleeps for good.
#pragma once

#include <bus/error.hpp>
#include <memory>
#include <string>

#include "bus_folder.hpp"
#include "dispatcher.hpp"
#include "startup.hpp"
#include "sys/process.hpp"
#include "sys/signal_fd.hpp"

namespace bus::broker {

enum class Ending {
    clean,     // SIGTERM, SIGINT: everything goes
    handover,  // SIGQUIT: everything stays for the next busd
};

class Broker {
public:
    Broker(BusFolder& folder, State& state, sys::SignalFd signals, std::string config_path);

    /// Serves until a signal ends it.
    Result<Ending> run();

private:
    sys::Deadline next_look() const;
    Result<void> handle_ready(std::uint64_t tag);
    Result<void> handle_signals();
    void read_config_again();
    void tick();

    BusFolder& folder_;
    State& state_;
    Dispatcher dispatcher_;
    sys::SignalFd signals_;
    std::string config_path_;
    sys::Deadline last_tick_;
    bool more_ = true;      // a queue may have more than a turn took
    bool waiting_ = false;  // a lobby had no room
    std::optional<Ending> ending_;
};

/// Ends the bus: tells the clients, names what is dropped, removes every object and every file.
void end_bus(BusFolder& folder, State& state);

}  // namespace bus::broker
