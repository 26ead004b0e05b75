// SIGINT and SIGTERM.
#include "interrupt.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bus/connection.hpp>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace bus::tool {
namespace {

std::atomic<bool> seen{false}, childs{false};
constexpr std::array kCaught{SIGINT, SIGTERM, SIGHUP, SIGQUIT};  // the last two only where a child is to have them
std::array<std::atomic<unsigned>, kCaught.size()> came;          // how often each did
std::atomic<Connection*> to_stop{nullptr};
int event_fd = -1;
using Action = struct sigaction;
std::array<Action, kCaught.size()> found{};  // as we found them
Action found_pipe{};

/// Signal-safe: atomics, write(2), and Connection::stop(), which is made for it.
void on_signal(int number) {
    auto const saved = errno;
    for (std::size_t i = 0; i < kCaught.size(); ++i)
        if (kCaught[i] == number) came[i].fetch_add(1);
    if (seen.exchange(true) && number == SIGINT && !childs.load()) ::_exit(130);
    std::uint64_t const one = 1;
    (void)!::write(event_fd, &one, sizeof one);
    if (auto* connection = to_stop.load()) connection->stop();
    errno = saved;
}

}  // namespace

void catch_interrupts() {
    event_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Action action{};
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kCaught.size(); ++i) (void)::sigaction(kCaught[i], nullptr, &found[i]);
    action.sa_handler = on_signal;
    (void)::sigaction(SIGINT, &action, nullptr);
    (void)::sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = SIG_IGN;
    (void)::sigaction(SIGPIPE, &action, &found_pipe);
}

void catch_all_for_child() noexcept {
    childs.store(true);
    Action action{};
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    for (int const number : kCaught) (void)::sigaction(number, &action, nullptr);
}

void leave_interrupts() noexcept {
    for (std::size_t i = 0; i < kCaught.size(); ++i) (void)::sigaction(kCaught[i], &found[i], nullptr);
    (void)::sigaction(SIGPIPE, &found_pipe, nullptr);
}

std::vector<int> take_signals() {
    std::vector<int> taken;
    for (std::size_t i = 0; i < kCaught.size(); ++i) taken.insert(taken.end(), came[i].exchange(0), kCaught[i]);
    return taken;
}

bool interrupted() noexcept { return seen.load(); }
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
