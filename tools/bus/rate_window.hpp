// Counts the messages of one topic for one report of `topic hz`.
#pragma once

#include <bus/sample.hpp>
#include <chrono>
#include <cstdint>
#include <map>

#include "spread.hpp"

namespace bus::tool {

struct RateReport {
    double window = 0;  // seconds
    double rate = 0, bytes_per_second = 0;
    std::uint64_t messages = 0, bytes = 0, lost = 0;  // received in the window; lost: by us
    Spread interval;                                  // between messages of one publisher, seconds
};

class RateWindow {
public:
    void add(Info const& info, std::size_t bytes);
    /// The report of a window of that length; the next one begins.
    RateReport take(std::chrono::nanoseconds window);

private:
    RateReport now_;
    bool opened_ = false;                   // the first message begins the first window: it is at its edge, not in it
    std::map<PublisherId, Deadline> last_;  // when each publisher spoke last
};

}  // namespace bus::tool
