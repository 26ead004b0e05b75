// SIGINT and SIGTERM.
#include "interrupt.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <bus/connection.hpp>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace bus::tool {
namespace {

std::atomic<bool> seen{false}, term_seen{false}, childs{false};
std::atomic<Connection*> to_stop{nullptr};
int event_fd = -1;

/// Signal-safe: atomics, write(2), and Connection::stop(), which is made for it.
void on_signal(int number) {
    auto const saved = errno;
    if (number == SIGTERM) term_seen.store(true);
    if (seen.exchange(true) && number == SIGINT && !childs.load()) ::_exit(130);
    std::uint64_t const one = 1;
    (void)!::write(event_fd, &one, sizeof one);
    if (auto* connection = to_stop.load()) connection->stop();
    errno = saved;
}

}  // namespace

void catch_interrupts() {
    event_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    (void)::sigaction(SIGINT, &action, nullptr);
    (void)::sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = SIG_IGN;
    (void)::sigaction(SIGPIPE, &action, nullptr);
}

bool interrupted() noexcept { return seen.load(); }
bool terminated() noexcept { return term_seen.load(); }
void leave_interrupts_to_child() noexcept { childs.store(true); }
int interrupt_fd() noexcept { return event_fd; }

void wait_for_interrupt() noexcept {
    pollfd event{event_fd, POLLIN, 0};
    while (!interrupted()) (void)::poll(&event, 1, -1);
}

InterruptsConnection::InterruptsConnection(Connection& connection) noexcept {
    to_stop.store(&connection);
    if (interrupted()) connection.stop();
}

InterruptsConnection::~InterruptsConnection() { to_stop.store(nullptr); }

}  // namespace bus::tool
