// setitimer(2).
#include "support/signal_storm.hpp"

#include <sys/time.h>

#include <atomic>

namespace bus::test {

namespace {
std::atomic<std::uint64_t> caught{0};
}

SignalStorm::SignalStorm() {
    caught = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { caught.fetch_add(1, std::memory_order_relaxed); };
    ::sigaction(SIGALRM, &action, &old_);
    itimerval const often{{0, 300}, {0, 300}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
}

SignalStorm::~SignalStorm() {
    itimerval const never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &old_, nullptr);
}

std::uint64_t SignalStorm::count() const { return caught; }

}  // namespace bus::test
