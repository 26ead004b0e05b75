// Waiting for a condition.
#include "support/eventually.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

namespace bus::test {

std::chrono::milliseconds patience(std::chrono::milliseconds plain) {
    static int const factor = [] {
        char const* const text = std::getenv("BUS_TEST_PATIENCE");
        return text == nullptr ? 1 : std::max(1, std::atoi(text));
    }();
    return plain * factor;
}

bool eventually(std::function<bool()> const& condition, std::chrono::milliseconds longest) {
    auto const end = std::chrono::steady_clock::now() + longest;
    for (long nap_ns = 100'000;; nap_ns = std::min(nap_ns * 2, 5'000'000L)) {
        if (condition()) return true;
        if (std::chrono::steady_clock::now() >= end) return condition();
        timespec const nap{.tv_sec = 0, .tv_nsec = nap_ns};
        ::ppoll(nullptr, 0, &nap, nullptr);
    }
}

}  // namespace bus::test
