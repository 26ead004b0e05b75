// One line a message, to stderr; of a detached busd to the system's log. The only file that knows spdlog is log.cpp.
#pragma once

#include <string>

namespace bus::broker::log {

void start(std::string const& bus_name);
/// From now on to syslog, where stderr is nothing that can be kept (a terminal, a pipe somebody waits at): stderr becomes /dev/null.
/// A file stays what it is.
void leave_terminal(std::string const& bus_name);
void info(std::string const& line);
void warning(std::string const& line);
void error(std::string const& line);

}  // namespace bus::broker::log
