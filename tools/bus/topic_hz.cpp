// bus topic hz: how often topics speak, measured at the receiving end as an observer.
#include "json_writer.hpp"
#include "quantity.hpp"
#include "rate_window.hpp"
#include "topic_measure.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::string const& topic, RateReport const& report) {
    JsonWriter json;
    json.object().member("topic", topic).member("time", rfc3339(wall_now())).member("window", report.window);
    json.member("rate", report.rate).member("bytes_per_second", report.bytes_per_second).member("messages", report.messages);
    json.member("bytes", report.bytes).member("lost", report.lost).key("interval");
    if (report.interval.count == 0) return json.null().end_object().take() + "\n";
    json.object();
    add_spread(json, report.interval);
    return json.end_object().end_object().take() + "\n";
}

std::string as_text(std::string const& topic, RateReport const& report) {
    auto text = topic + "  " + show_rate(report.rate) + " Hz  " + show_bytes(report.bytes_per_second) + "/s";
    if (auto const& interval = report.interval; interval.count > 0) {
        text += "  every " + shown_seconds(interval.mean) + " (" + shown_seconds(interval.min) + " to " + shown_seconds(interval.max) +
                ", deviation " + shown_seconds(interval.deviation()) + ")";
    }
    return text + shown_lost_here(report.lost) + "\n";
}

class HzMeter final : public Meter {
public:
    void add(Info const& info, std::size_t bytes, Deadline /*received*/) override { rate_.add(info, bytes); }
    std::string report(MeasuredWindow const& window) override {
        auto const report = rate_.take(window.length);
        return window.json ? as_json(window.topic, report) : as_text(window.topic, report);
    }

private:
    RateWindow rate_;
};

class TopicHz final : public TopicMeasure {
    std::unique_ptr<Meter> make_meter() const override { return std::make_unique<HzMeter>(); }
};

}  // namespace

VerbEntry const kTopicHz{
    "topic", "hz", "How often messages come",
    "One report a window and topic, from the first message on. Messages lost on the way here count: they were published.\n"
    "-t is the longest wait for the first message.",
    make_verb<TopicHz>};

}  // namespace bus::tool
