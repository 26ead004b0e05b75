// Times that a test measures and prints, and judges by nothing: machines are noisy.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace bus::test {

/// From its making on.
class Stopwatch {
public:
    std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - since_; }

private:
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

class Durations {
public:
    void add(std::chrono::nanoseconds one) { all_.push_back(one); }
    /// That part (0.5, 0.99) of them took no longer; 1: the longest. 0 where there are none.
    std::chrono::nanoseconds percentile(double part) const {
        if (all_.empty()) return {};
        auto sorted = all_;
        std::ranges::sort(sorted);
        return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
    }
    /// One line: "WHAT: 200 times, p50 1.234 ms, p99 5.678 ms, longest 7.890 ms (to reach: p99 50 ms)".
    void print(std::string const& what, std::string const& wanted) const {
        std::cout << what << ": " << all_.size() << " times, p50 " << ms(percentile(0.5)) << ", p99 " << ms(percentile(0.99))
                  << ", longest " << ms(percentile(1)) << " (to reach: " << wanted << ")" << std::endl;
    }

private:
    static std::string ms(std::chrono::nanoseconds one) {
        char text[32];
        std::snprintf(text, sizeof text, "%.3f ms", std::chrono::duration<double, std::milli>(one).count());
        return text;
    }

    std::vector<std::chrono::nanoseconds> all_;
};

}  // namespace bus::test
