// The loop of the verbs that measure topics: windows, reports, and how it ends.
#include "topic_measure.hpp"

#include <algorithm>
#include <chrono>

#include "connect.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "quantity.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

using Clock = std::chrono::steady_clock;

Error nothing_came(Context const& context) {
    return {Errc::timeout, "nothing came in " + show_duration(*context.timeout), "`bus topic info` shows who publishes"};
}

}  // namespace

void TopicMeasure::declare(OptionSet& options) {
    selection_.declare(options, Need::required);
    options.count("-n,--count", count_, "End after N reports");
    options.flag("--once", once_, "End after one report");
    options.duration("-d,--duration", duration_, "End after this time");
    options.duration("-w,--window", window_, "Length of one report; 1s");
    options.flag("--existing", stream_.existing, "Status 3 where there is no such topic, instead of waiting for it");
    options.exclusive("--once", "--count");
}

Result<ExitStatus> TopicMeasure::run(Context& context) {
    if (auto good = selection_.check(); !good) return good.error();
    if (once_) count_ = 1;
    if (window_ && *window_ < std::chrono::milliseconds(1)) return usage_error("--window is at least 1ms", "--window 1s");
    auto bus = connect(context);
    if (!bus) return bus.error();
    InterruptsConnection const interrupts(*bus);
    auto const began = Clock::now();
    auto stream = TopicStream::open(*bus, selection_, stream_, context);
    if (!stream) return stream.error();
    auto status = measure(*stream, began, context);
    if (context.out.reader_gone()) return ExitStatus::done;
    if (interrupted() || stream->lost() > 0) context.note(stream->summary());
    return status;
}

Result<ExitStatus> TopicMeasure::measure(TopicStream& stream, Deadline began, Context& context) {
    auto const end = duration_ ? deadline_in(*duration_) : Deadline::max();
    auto const patience = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
    std::uint64_t reports = 0;
    Deadline window_end = Deadline::max();  // the first window begins with the first message
    while (!count_ || reports < *count_) {
        auto const wake = std::min({end, window_end, topics_.empty() ? patience : Deadline::max()});
        auto sample = stream.next(wake);
        if (sample) {
            auto const received = Clock::now();
            auto const sent = sample->info().sent_steady;
            if (sent != Deadline() && sent < began) continue;  // retained: says nothing of how it is now
            if (window_end == Deadline::max()) window_end = deadline_in(window());
            add(*sample, received);
            continue;
        }
        if (sample.error() != Errc::timeout) return ended(sample.error(), context);
        if (wake == patience && topics_.empty() && patience < end) return nothing_came(context);
        if (wake == end) break;
        if (auto written = report(context, window()); !written) return ended(written.error(), context);
        window_end += window();
        ++reports;
    }
    if (duration_ && reports == 0 && !topics_.empty()) {  // shorter than a window: one report of what there was
        if (auto written = report(context, *duration_); !written) return ended(written.error(), context);
    }
    return ExitStatus::done;
}

void TopicMeasure::add(Sample<Any> const& sample, Deadline received) {
    auto found = topics_.find(sample.info().topic);
    if (found == topics_.end()) found = topics_.emplace(sample.info().topic, make_meter()).first;
    found->second->add(sample.info(), sample.bytes().size(), received);
}

Result<void> TopicMeasure::report(Context& context, Nanoseconds length) {
    for (auto& [topic, meter] : topics_) {
        if (auto written = context.out.write(meter->report({topic, length, context.json})); !written) return written;
    }
    return {};
}

Result<ExitStatus> TopicMeasure::ended(Error const& error, Context const& context) const {
    if (error == Errc::cancelled) return count_ || duration_ ? ExitStatus::interrupted : ExitStatus::done;
    if (error == Errc::closed && context.out.reader_gone()) return ExitStatus::done;
    return error;
}

std::string shown_seconds(double seconds) { return show_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); }

std::string shown_lost_here(std::uint64_t lost) { return lost == 0 ? "" : "  " + std::to_string(lost) + " lost here"; }

}  // namespace bus::tool
