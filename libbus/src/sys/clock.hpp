// Clocks, and deadlines that never overflow.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace bus::sys {

using Duration = std::chrono::nanoseconds;
using Deadline = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC: the same in all processes of one boot
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

inline constexpr Deadline kForever = Deadline::max();

inline std::int64_t clock_ns(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

inline Deadline steady_now() noexcept { return std::chrono::steady_clock::now(); }
inline WallTime wall_now() noexcept { return WallTime(Duration(clock_ns(CLOCK_REALTIME))); }
/// The wall clock as of the last timer tick: some milliseconds old, a few nanoseconds cheap.
inline WallTime wall_now_coarse() noexcept { return WallTime(Duration(clock_ns(CLOCK_REALTIME_COARSE))); }
inline Deadline steady_now_coarse() noexcept { return Deadline(Duration(clock_ns(CLOCK_MONOTONIC_COARSE))); }
/// Time since boot, suspension included: what leases run on.
inline Duration boottime_now() noexcept { return Duration(clock_ns(CLOCK_BOOTTIME)); }

/// `start + duration`, held at kForever where that would overflow; a negative duration is one that has passed already.
constexpr Deadline deadline_from(Deadline start, Duration duration) noexcept {
    if (duration <= Duration::zero()) return start;
    return duration > kForever - start ? kForever : start + duration;
}
inline Deadline deadline_after(Duration duration) noexcept { return deadline_from(steady_now(), duration); }

/// What is left until `deadline`: never negative; Duration::max() for kForever.
inline Duration remaining(Deadline deadline) noexcept {
    if (deadline == kForever) return Duration::max();
    auto const now = steady_now();
    return deadline <= now ? Duration::zero() : deadline - now;
}
inline bool has_passed(Deadline deadline) noexcept { return deadline != kForever && deadline <= steady_now(); }

/// For the kernel's timeouts; `duration` is not negative. Seconds are held at what every call takes (about 34 years).
constexpr timespec to_timespec(Duration duration) noexcept {
    constexpr std::int64_t kLongest = (std::int64_t{1} << 30) - 1;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (seconds > kLongest) return {.tv_sec = kLongest, .tv_nsec = 0};
    return {.tv_sec = seconds, .tv_nsec = (duration % std::chrono::seconds(1)).count()};
}

}  // namespace bus::sys
