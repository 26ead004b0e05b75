// Whether a publisher is so hot that the fence after each commit should go (decision 0001: above about a million messages a second).
#pragma once

#include <cstdint>

#include "sys/clock.hpp"

namespace bus::client {

class Heat {
public:
    enum class Change { none, hot, cold };

    /// After each message; looks at the clock once in kSample.
    Change count() noexcept { return ++count_ % kSample != 0 ? Change::none : look(); }

private:
    static constexpr std::uint32_t kSample = 4096;
    static constexpr std::int64_t kHotNs = 4'096'000;    // kSample messages faster than 1 M/s
    static constexpr std::int64_t kColdNs = 40'960'000;  // slower than 0.1 M/s

    Change look() noexcept {
        auto const now = sys::clock_ns(CLOCK_MONOTONIC);
        auto const took = now - since_ns_;
        since_ns_ = now;
        if (!hot_ && took < kHotNs) {
            hot_ = true;
            return Change::hot;
        }
        if (hot_ && took > kColdNs) {
            hot_ = false;
            return Change::cold;
        }
        return Change::none;
    }

    std::int64_t since_ns_ = 0;
    std::uint32_t count_ = 0;
    bool hot_ = false;
};

}  // namespace bus::client
