// Looking at the kernel's clock, and how fast the counter runs by it.
#include "sys/tick_clock.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "sys/clock.hpp"

namespace bus::sys {

namespace {

constexpr std::int64_t kShortestNs = 500'000;     // between two looks that tell a rate
constexpr std::int64_t kLongestNs = 100'000'000;  // after that the rate may be another
constexpr std::int64_t kValidNs = 1'000'000;
constexpr std::uint64_t kSlowestNs = 200;   // a look that took longer was interrupted: its two clocks are of different moments
constexpr std::int64_t kRoundingNs = 4;     // of the kernel's own arithmetic
constexpr std::uint64_t kTicksAtMost = 10;  // a nanosecond
constexpr int kTries = 3;

// After all that stands before it: the CPU would read its counter ahead of the kernel's clock otherwise.
std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

// Whoever knows best whether the counter runs evenly, and alike on all CPUs, is the kernel.
bool runs_the_kernel() noexcept {
#if defined(__x86_64__)
    static bool const runs = [] {
        std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
        std::string name;
        return std::getline(file, name) && name == "tsc";
    }();
    return runs;
#else
    return false;
#endif
}

}  // namespace

TickClock::TickClock() noexcept : trusted_(runs_the_kernel()) {}

// The ticks are read last: so what is carried on from a pair is late rather than early.
bool TickClock::read(Pair& pair) noexcept {
    for (int i = 0; i < kTries; ++i) {
        auto const before = ticks();
        pair.ns = clock_ns(CLOCK_MONOTONIC) - kRoundingNs;
        pair.ticks = ticks();
        pair.gap_ticks = pair.ticks - before;
        if (pair.gap_ticks < kTicksAtMost * kSlowestNs) return true;
    }
    return false;
}

std::int64_t TickClock::look() noexcept {
    if (!trusted_) return clock_ns(CLOCK_MONOTONIC);
    Pair now;
    bool const sure = read(now);
    auto const elapsed_ns = now.ns - base_.ns;
    if (!sure || elapsed_ns > kLongestNs) {
        valid_ticks_ = 0;
        base_ = sure ? now : Pair{};
        return now.ns;
    }
    if (elapsed_ns < kShortestNs) return now.ns;  // no rate yet: the base stays where it is
    auto const elapsed_ticks = now.ticks - base_.ticks;
    if (elapsed_ticks / kTicksAtMost > static_cast<std::uint64_t>(elapsed_ns)) {  // it jumped, backwards too: another machine?
        valid_ticks_ = 0;
        base_ = now;
        return now.ns;
    }
    // Not above the true rate, wherever in their gaps the two moments were.
    auto const surely_ns = static_cast<std::uint64_t>(elapsed_ns - kRoundingNs);
    ns_per_tick_ = (surely_ns << kShift) / (elapsed_ticks + base_.gap_ticks);
    valid_ticks_ = std::min<std::uint64_t>(elapsed_ticks, elapsed_ticks * kValidNs / static_cast<std::uint64_t>(elapsed_ns));
    base_ = now;
    return now.ns;
}

}  // namespace bus::sys
