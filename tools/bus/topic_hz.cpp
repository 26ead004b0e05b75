// bus topic hz: how often topics speak, measured at the receiving end as an observer.
#include <algorithm>
#include <chrono>
#include <map>

#include "connect.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "rate_window.hpp"
#include "time_text.hpp"
#include "topic_stream.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

using Clock = std::chrono::steady_clock;

std::string as_json(std::string const& topic, RateReport const& report) {
    JsonWriter json;
    json.object().member("topic", topic).member("time", rfc3339(wall_now())).member("window", report.window);
    json.member("rate", report.rate).member("bytes_per_second", report.bytes_per_second).member("messages", report.messages);
    json.member("bytes", report.bytes).member("lost", report.lost).key("interval");
    if (report.intervals == 0) return json.null().end_object().take() + "\n";
    json.object().member("mean", report.mean).member("min", report.min).member("max", report.max).member("deviation", report.deviation);
    return json.end_object().end_object().take() + "\n";
}

std::string as_text(std::string const& topic, RateReport const& report) {
    auto const shown = [](double seconds) { return show_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); };
    auto text = topic + "  " + show_rate(report.rate) + " Hz  " + show_bytes(report.bytes_per_second) + "/s";
    if (report.intervals > 0) {
        text += "  every " + shown(report.mean) + " (" + shown(report.min) + " to " + shown(report.max) + ", deviation " +
                shown(report.deviation) + ")";
    }
    if (report.lost > 0) text += "  " + std::to_string(report.lost) + " lost here";
    return text + "\n";
}

class TopicHz final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::required);
        options.count("-n,--count", count_, "End after N reports");
        options.flag("--once", once_, "End after one report");
        options.duration("-d,--duration", duration_, "End after this time");
        options.duration("-w,--window", window_, "Length of one report; 1s");
        options.flag("--existing", stream_.existing, "Status 3 where there is no such topic, instead of waiting for it");
        options.exclusive("--once", "--count");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        if (once_) count_ = 1;
        if (window_ && *window_ < std::chrono::milliseconds(1)) return usage_error("--window is at least 1ms", "--window 1s");
        auto bus = connect(context);
        if (!bus) return bus.error();
        InterruptsConnection const interrupts(*bus);
        auto stream = TopicStream::open(*bus, selection_, stream_, context);
        if (!stream) return stream.error();
        auto status = measure(*stream, context);
        if (context.out.reader_gone()) return ExitStatus::done;
        if (interrupted() || stream->lost() > 0) context.note(stream->summary());
        return status;
    }

private:
    Result<ExitStatus> measure(TopicStream& stream, Context& context) {
        auto const end = duration_ ? deadline_in(*duration_) : Deadline::max();
        auto const patience = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
        std::uint64_t reports = 0;
        Deadline window_end = Deadline::max();  // the first window begins with the first message
        auto const began = Clock::now();
        while (!count_ || reports < *count_) {
            auto const wake = std::min({end, window_end, topics_.empty() ? patience : Deadline::max()});
            auto sample = stream.next(wake);
            if (sample) {
                auto const sent = sample->info().sent_steady;
                if (sent != Deadline() && sent < began) continue;  // retained: says nothing of how often it speaks now
                if (window_end == Deadline::max()) window_end = deadline_in(window());
                topics_[std::string(sample->info().topic)].add(sample->info(), sample->bytes().size());
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

    Result<void> report(Context& context, Nanoseconds length) {
        for (auto& [topic, rate] : topics_) {
            auto const report = rate.take(length);
            if (auto written = context.out.write(context.json ? as_json(topic, report) : as_text(topic, report)); !written) return written;
        }
        return {};
    }

    Result<ExitStatus> ended(Error const& error, Context const& context) const {
        if (error == Errc::cancelled) return count_ || duration_ ? ExitStatus::interrupted : ExitStatus::done;
        if (error == Errc::closed && context.out.reader_gone()) return ExitStatus::done;
        return error;
    }

    static Error nothing_came(Context const& context) {
        return {Errc::timeout, "nothing came in " + show_duration(*context.timeout), "`bus topic info` shows who publishes"};
    }

    Nanoseconds window() const { return window_.value_or(std::chrono::seconds(1)); }

    Selection selection_;
    StreamOptions stream_;
    std::map<std::string, RateWindow> topics_;
    std::optional<std::uint64_t> count_;
    std::optional<Nanoseconds> duration_, window_;
    bool once_ = false;
};

}  // namespace

VerbEntry const kTopicHz{
    "topic", "hz", "How often messages come",
    "One report a window and topic, from the first message on. Messages lost on the way here count: they were published.\n"
    "-t is the longest wait for the first message.",
    make_verb<TopicHz>};

}  // namespace bus::tool
