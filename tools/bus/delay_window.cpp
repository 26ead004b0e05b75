// Delays counted.
#include "delay_window.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace bus::tool {
namespace {

constexpr unsigned kStepBits = 6;  // 64 steps a power of two

/// Below 64 each number has its own step.
std::size_t step_of(std::uint64_t value) {
    auto const width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kStepBits) return value;
    auto const shift = width - kStepBits - 1;
    return ((static_cast<std::size_t>(shift) + 1) << kStepBits) + ((value >> shift) & ((1U << kStepBits) - 1));
}

/// The middle of a step.
double middle_of(std::size_t step) {
    if (step < (1U << kStepBits)) return static_cast<double>(step);
    auto const shift = static_cast<int>(step >> kStepBits) - 1;
    auto const low = static_cast<double>((step & ((1U << kStepBits) - 1)) + (1U << kStepBits));
    return std::ldexp(low, shift) + (std::ldexp(1, shift) - 1) / 2;
}

}  // namespace

void DelayHistogram::add(std::uint64_t nanoseconds) {
    auto const step = step_of(nanoseconds);
    if (step >= steps_.size()) steps_.resize(step + 1);
    ++steps_[step];
    ++count_;
}

double DelayHistogram::percentile(double part) const {
    auto const wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        seen += steps_[step];
        if (seen >= wanted) return middle_of(step);
    }
    return 0;
}

void DelayWindow::add(Info const& info, Deadline received) {
    now_.messages += 1;
    now_.lost += info.lost_before;
    if (info.sent_steady == Deadline{}) {
        now_.unstamped += 1;
        return;
    }
    auto const delay = std::max(received - info.sent_steady, Duration::zero());
    now_.delay.add(std::chrono::duration<double>(delay).count());
    histogram_.add(static_cast<std::uint64_t>(delay.count()));
}

DelayReport DelayWindow::take(std::chrono::nanoseconds window) {
    auto report = std::exchange(now_, {});
    auto const histogram = std::exchange(histogram_, {});
    report.window = std::chrono::duration<double>(window).count();
    // A step reaches beyond what came.
    auto const percentile = [&](double part) { return std::clamp(histogram.percentile(part) * 1e-9, report.delay.min, report.delay.max); };
    report.p50 = percentile(0.5);
    report.p99 = percentile(0.99);
    return report;
}

}  // namespace bus::tool
