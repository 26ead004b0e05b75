// Time stamps for messages: one look at a clock each.
//
// precise: the monotonic clock (sys::TickClock); the wall clock is that plus an offset looked at every 10 ms, so a step of the wall clock
// (settime, a slew) shows 10 ms late at most. coarse: the same with the clocks of the last timer tick. none: zeros.
#pragma once

#include <bus/options.hpp>

#include "shm/ring_writer.hpp"
#include "sys/clock.hpp"
#include "sys/tick_clock.hpp"

namespace bus::client {

class Stamper {
public:
    explicit Stamper(Stamp kind) noexcept : kind_(kind) {}

    shm::Stamps now() noexcept {
        if (kind_ == Stamp::none) return {};
        auto const steady = kind_ == Stamp::precise ? ticks_.now_ns() : sys::clock_ns(CLOCK_MONOTONIC_COARSE);
        if (steady - looked_ns_ > kRefreshNs || looked_ns_ == 0) [[unlikely]] {
            looked_ns_ = steady;
            offset_ns_ = kind_ == Stamp::precise ? sys::clock_ns(CLOCK_REALTIME) - sys::clock_ns(CLOCK_MONOTONIC)
                                                 : sys::clock_ns(CLOCK_REALTIME_COARSE) - steady;
        }
        return {.steady_ns = static_cast<std::uint64_t>(steady), .wall_ns = steady + offset_ns_};
    }

private:
    static constexpr std::int64_t kRefreshNs = 10'000'000;

    Stamp kind_;
    sys::TickClock ticks_;
    std::int64_t looked_ns_ = 0, offset_ns_ = 0;
};

}  // namespace bus::client
