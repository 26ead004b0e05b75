// How long the messages of one topic took, for one report of `topic delay`.
//
// Percentiles are those of a histogram: each power of two of nanoseconds has 64 steps, so they are right to a hundredth, in little memory
// however many messages come.
#pragma once

#include <bus/sample.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "spread.hpp"

namespace bus::tool {

class DelayHistogram {
public:
    void add(std::uint64_t nanoseconds);
    /// The delay that this part of the messages (0 to 1) did not exceed; 0 where there were none.
    double percentile(double part) const;

private:
    std::vector<std::uint64_t> steps_;  // as long as the longest delay needs
    std::uint64_t count_ = 0;
};

struct DelayReport {
    double window = 0;  // seconds
    std::uint64_t messages = 0, lost = 0;
    std::uint64_t unstamped = 0;  // of the messages: nothing is known of their delay
    Spread delay;                 // of the others, seconds
    double p50 = 0, p99 = 0;
};

class DelayWindow {
public:
    void add(Info const& info, Deadline received);
    /// The report of a window of that length; the next one begins.
    DelayReport take(std::chrono::nanoseconds window);

private:
    DelayReport now_;
    DelayHistogram histogram_;
};

}  // namespace bus::tool
