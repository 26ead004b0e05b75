// Lines to stderr, by spdlog.
#include "log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace bus::broker::log {

void start(std::string const& bus_name) {
    auto logger = std::make_shared<spdlog::logger>("busd", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z busd[%P] " + bus_name + " %l: %v");
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

void info(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::info, line); }
void warning(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::warn, line); }
void error(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::err, line); }

}  // namespace bus::broker::log
