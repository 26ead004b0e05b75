// The cheap clock against the kernel's.
#include <gtest/gtest.h>

#include <vector>

#include "support/eventually.hpp"
#include "sys/clock.hpp"
#include "sys/tick_clock.hpp"

namespace bus::test {

namespace {
constexpr std::int64_t kLate = 2'000;  // what tick_clock.hpp allows, and a little
}

TEST(TickClock, IsNeverAheadOfTheKernelsClockAndHardlyBehind) {
    sys::TickClock clock;
    std::int64_t behind = 0, looks = 0;
    auto const end = sys::clock_ns(CLOCK_MONOTONIC) + 300'000'000;
    for (std::int64_t after = 0; after < end; ++looks) {
        auto const before = sys::clock_ns(CLOCK_MONOTONIC);
        auto const now = clock.now_ns();
        after = sys::clock_ns(CLOCK_MONOTONIC);
        ASSERT_LE(now, after) << "after " << looks << " looks";
        behind = std::max(behind, before - now);
    }
    EXPECT_LE(behind, kLate) << "of " << looks << " looks";
}

TEST(TickClock, NeverGoesBackwards) {
    sys::TickClock clock;
    std::int64_t last = 0;
    auto const end = sys::clock_ns(CLOCK_MONOTONIC) + 200'000'000;
    while (last < end) {
        auto const now = clock.now_ns();
        ASSERT_GE(now, last);
        last = now;
    }
}

TEST(TickClock, IsRightAgainAfterALongPause) {
    sys::TickClock clock;
    auto const start = clock.now_ns();
    while (clock.now_ns() < start + 5'000'000) {
    }
    auto const pause_end = sys::clock_ns(CLOCK_MONOTONIC) + 150'000'000;
    ASSERT_TRUE(eventually([&] { return sys::clock_ns(CLOCK_MONOTONIC) >= pause_end; }));
    auto const before = sys::clock_ns(CLOCK_MONOTONIC);
    auto const now = clock.now_ns();
    EXPECT_GE(now, before - kLate);
    EXPECT_LE(now, sys::clock_ns(CLOCK_MONOTONIC));
}

}  // namespace bus::test
