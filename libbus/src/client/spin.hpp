// How long to spin before sleeping. A wake-up costs the publisher a system call and us some 50 us; a spin costs a CPU.
//
// Adaptive: the limit goes up to 50 us where spinning finds what it waits for, and down to nothing where it does not; then one wait in 32
// tries again. Never where there is only one CPU to run on: spinning would keep the other side from running.
#pragma once

#include <bus/time.hpp>
#include <cstdint>
#include <optional>

namespace bus::client {

/// Threads: one at a time.
class Spin {
public:
    static constexpr Duration kLongest = std::chrono::microseconds(50);

    /// `fixed`: as the user's options say; unset: adaptive.
    explicit Spin(std::optional<Duration> fixed = {}) noexcept;

    /// How long this wait may spin; zero: not at all.
    Duration limit() noexcept;
    void tell(bool found) noexcept;

private:
    std::optional<Duration> fixed_;
    std::uint32_t trust_ = 4;  // 0 to 8 eighths of kLongest
    std::uint32_t waits_ = 0;
};

}  // namespace bus::client
