// SIGINT and SIGTERM end what a connection runs.
#pragma once

#include <bus/connection.hpp>
#include <csignal>

namespace telemetry {

inline bus::Connection* to_stop = nullptr;

inline void stop_on_signals(bus::Connection& connection) {
    to_stop = &connection;
    for (int const number : {SIGINT, SIGTERM}) std::signal(number, [](int) { to_stop->stop(); });
}

/// What went wrong, and the status of the program.
int complain(bus::Error const& error);

}  // namespace telemetry
