// Counts the messages of one topic.
#include "rate_window.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bus::tool {

void RateWindow::add(Info const& info, std::size_t bytes) {
    now_.messages += 1;
    now_.bytes += bytes;
    now_.lost += info.lost_before;
    auto const sent = info.sent_steady == Deadline{} ? std::chrono::steady_clock::now() : info.sent_steady;
    auto const [last, first] = last_.try_emplace(info.publisher, sent);
    // After a loss the distance is that of several messages.
    if (!first && info.lost_before == 0) add_interval(std::chrono::duration<double>(sent - last->second).count());
    last->second = sent;
}

void RateWindow::add_interval(double seconds) {
    now_.min = now_.intervals == 0 ? seconds : std::min(now_.min, seconds);
    now_.max = now_.intervals == 0 ? seconds : std::max(now_.max, seconds);
    now_.intervals += 1;
    auto const before = seconds - now_.mean;
    now_.mean += before / static_cast<double>(now_.intervals);
    sum_of_squares_ += before * (seconds - now_.mean);
}

RateReport RateWindow::take(std::chrono::nanoseconds window) {
    auto report = now_;
    report.window = std::chrono::duration<double>(window).count();
    auto const opening = std::exchange(opened_, true) || report.messages == 0 ? 0U : 1U;
    report.rate = static_cast<double>(report.messages + report.lost - opening) / report.window;
    report.bytes_per_second = static_cast<double>(report.bytes) / report.window;
    if (report.intervals > 0) report.deviation = std::sqrt(sum_of_squares_ / static_cast<double>(report.intervals));
    now_ = {};
    sum_of_squares_ = 0;
    return report;
}

}  // namespace bus::tool
