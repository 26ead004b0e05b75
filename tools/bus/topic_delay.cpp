// bus topic delay: how long messages took from their publisher to here, measured as an observer.
#include "delay_window.hpp"
#include "json_writer.hpp"
#include "topic_measure.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::string const& topic, DelayReport const& report) {
    JsonWriter json;
    json.object().member("topic", topic).member("time", rfc3339(wall_now())).member("window", report.window);
    json.member("messages", report.messages).member("unstamped", report.unstamped).member("lost", report.lost).key("delay");
    if (report.delay.count == 0) return json.null().end_object().take() + "\n";
    json.object();
    add_spread(json, report.delay);
    return json.member("p50", report.p50).member("p99", report.p99).end_object().end_object().take() + "\n";
}

std::string as_text(std::string const& topic, DelayReport const& report) {
    auto text = topic + "  " + std::to_string(report.messages) + " message" + (report.messages == 1 ? "" : "s");
    if (auto const& delay = report.delay; delay.count > 0) {
        text += "  after " + shown_seconds(delay.mean) + " (" + shown_seconds(delay.min) + " to " + shown_seconds(delay.max) +
                ", deviation " + shown_seconds(delay.deviation()) + ")  p50 " + shown_seconds(report.p50) + "  p99 " +
                shown_seconds(report.p99);
    }
    if (report.unstamped > 0) text += "  " + std::to_string(report.unstamped) + " without a stamp";
    return text + shown_lost_here(report.lost) + "\n";
}

class DelayMeter final : public Meter {
public:
    void add(Info const& info, std::size_t /*bytes*/, Deadline received) override { delays_.add(info, received); }
    std::string report(MeasuredWindow const& window) override {
        auto const report = delays_.take(window.length);
        return window.json ? as_json(window.topic, report) : as_text(window.topic, report);
    }

private:
    DelayWindow delays_;
};

class TopicDelay final : public TopicMeasure {
    std::unique_ptr<Meter> make_meter() const override { return std::make_unique<DelayMeter>(); }
};

}  // namespace

VerbEntry const kTopicDelay{
    "topic", "delay", "How long messages take to come here",
    "One report a window and topic, from the first message on: from the publisher's stamp to when it was received here, on the monotonic\n"
    "clock of this host. Stamps of a publisher that stamps coarsely are some milliseconds early. Messages without a stamp are counted\n"
    "apart. What came over a bridge counts from there.\n"
    "-t is the longest wait for the first message.",
    make_verb<TopicDelay>};

}  // namespace bus::tool
