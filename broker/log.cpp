// Lines to stderr or syslog, by spdlog.
#include "log.hpp"

#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.hpp"

namespace bus::broker::log {

void start(std::string const& bus_name) {
    auto logger = std::make_shared<spdlog::logger>("busd", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z busd[%P] " + bus_name + " %l: %v");
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

void leave_terminal(std::string const& bus_name) {
    struct stat info {};
    if (::fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode)) return;
    auto logger =
        std::make_shared<spdlog::logger>("busd", std::make_shared<spdlog::sinks::syslog_sink_mt>("busd", LOG_PID, LOG_DAEMON, true));
    logger->set_pattern(bus_name + ": %v");
    spdlog::set_default_logger(std::move(logger));
    sys::FileDescriptor const null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null) (void)::dup2(null.fd(), STDERR_FILENO);
}

void info(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::info, line); }
void warning(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::warn, line); }
void error(std::string const& line) { spdlog::default_logger_raw()->log(spdlog::level::err, line); }

}  // namespace bus::broker::log
