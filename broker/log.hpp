// One line a message, to stderr. The only file that knows spdlog is log.cpp.
#pragma once

#include <string>

namespace bus::broker::log {

void start(std::string const& bus_name);
void info(std::string const& line);
void warning(std::string const& line);
void error(std::string const& line);

}  // namespace bus::broker::log
