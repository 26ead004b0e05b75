// Waiting for a condition, under a watchdog. The only place in the tests that naps.
#pragma once

#include <chrono>
#include <functional>

namespace bus::test {

/// How long a test waits for what must come. Generous: it is reached by broken code only. $BUS_TEST_PATIENCE multiplies it.
std::chrono::milliseconds patience(std::chrono::milliseconds plain = std::chrono::seconds(20));

/// Asks `condition` again and again until it is true. Returns: false when the patience is at its end.
[[nodiscard]] bool eventually(std::function<bool()> const& condition, std::chrono::milliseconds longest = patience());

}  // namespace bus::test
