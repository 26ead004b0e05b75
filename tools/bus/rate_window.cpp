// Counts the messages of one topic.
#include "rate_window.hpp"

#include <utility>

namespace bus::tool {

void RateWindow::add(Info const& info, std::size_t bytes) {
    now_.messages += 1;
    now_.bytes += bytes;
    now_.lost += info.lost_before;
    auto const sent = info.sent_steady == Deadline{} ? std::chrono::steady_clock::now() : info.sent_steady;
    auto const [last, first] = last_.try_emplace(info.publisher, sent);
    // After a loss the distance is that of several messages.
    if (!first && info.lost_before == 0) now_.interval.add(std::chrono::duration<double>(sent - last->second).count());
    last->second = sent;
}

RateReport RateWindow::take(std::chrono::nanoseconds window) {
    auto report = std::exchange(now_, {});
    report.window = std::chrono::duration<double>(window).count();
    auto const opening = std::exchange(opened_, true) || report.messages == 0 ? 0U : 1U;
    report.rate = static_cast<double>(report.messages + report.lost - opening) / report.window;
    report.bytes_per_second = static_cast<double>(report.bytes) / report.window;
    return report;
}

}  // namespace bus::tool
