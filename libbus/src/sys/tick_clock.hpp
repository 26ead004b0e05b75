// CLOCK_MONOTONIC for those who ask millions of times a second: for less than half the price, by way of the CPU's time stamp counter.
//
// The kernel is asked once a millisecond; in between its answer is carried on by the counter, at the rate seen over the last look but
// one. The rate is taken a little too low, so that no answer lies in the future of the kernel's clock: it may be some hundred nanoseconds
// late, and a rate that the kernel is just changing (adjtime, 500 ppm at most) adds half a microsecond.
// Where the kernel itself does not run on the counter (another clock source, another architecture), the kernel is asked each time.
#pragma once

#include <cstdint>

namespace bus::sys {

/// Threads: one at a time.
class TickClock {
public:
    TickClock() noexcept;

    std::int64_t now_ns() noexcept {
#if defined(__x86_64__)
        std::uint64_t const since = __builtin_ia32_rdtsc() - base_.ticks;
        if (since < valid_ticks_) [[likely]]
            return base_.ns + static_cast<std::int64_t>(since * ns_per_tick_ >> kShift);
#endif
        return look();
    }

private:
    static constexpr unsigned kShift = 32;

    struct Pair {  // the same moment on both clocks; by the counter it may have been up to `gap_ticks` earlier
        std::uint64_t ticks = 0, gap_ticks = 0;
        std::int64_t ns = 0;
    };

    std::int64_t look() noexcept;
    static bool read(Pair& pair) noexcept;

    Pair base_;
    std::uint64_t valid_ticks_ = 0;  // how far from base_ the rate is good for; 0: there is none
    std::uint64_t ns_per_tick_ = 0;  // 32 bits behind the point
    bool trusted_;
};

}  // namespace bus::sys
