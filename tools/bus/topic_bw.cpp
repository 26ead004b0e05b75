// bus topic bw: how many bytes topics carry, and how large their messages are, measured at the receiving end as an observer.
#include <chrono>

#include "json_writer.hpp"
#include "quantity.hpp"
#include "spread.hpp"
#include "topic_measure.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

struct SizeReport {
    double window = 0;  // seconds
    std::uint64_t bytes = 0, lost = 0;
    Spread size;

    double bytes_per_second() const { return static_cast<double>(bytes) / window; }
};

std::string as_json(std::string const& topic, SizeReport const& report) {
    JsonWriter json;
    json.object().member("topic", topic).member("time", rfc3339(wall_now())).member("window", report.window);
    json.member("bytes_per_second", report.bytes_per_second()).member("messages", report.size.count);
    json.member("bytes", report.bytes).member("lost", report.lost).key("size");
    if (report.size.count == 0) return json.null().end_object().take() + "\n";
    json.object();
    add_spread(json, report.size);
    return json.end_object().end_object().take() + "\n";
}

std::string as_text(std::string const& topic, SizeReport const& report) {
    auto const messages = report.size.count;
    auto text =
        topic + "  " + show_bytes(report.bytes_per_second()) + "/s  " + std::to_string(messages) + " message" + (messages == 1 ? "" : "s");
    if (messages > 0)
        text += " of " + show_bytes(report.size.mean) + " (" + show_bytes(report.size.min) + " to " + show_bytes(report.size.max) + ")";
    return text + shown_lost_here(report.lost) + "\n";
}

class BwMeter final : public Meter {
public:
    void add(Info const& info, std::size_t bytes, Deadline /*received*/) override {
        now_.bytes += bytes;
        now_.lost += info.lost_before;
        now_.size.add(static_cast<double>(bytes));
    }
    std::string report(MeasuredWindow const& window) override {
        now_.window = std::chrono::duration<double>(window.length).count();
        auto const report = std::exchange(now_, {});
        return window.json ? as_json(window.topic, report) : as_text(window.topic, report);
    }

private:
    SizeReport now_;
};

class TopicBw final : public TopicMeasure {
    std::unique_ptr<Meter> make_meter() const override { return std::make_unique<BwMeter>(); }
};

}  // namespace

VerbEntry const kTopicBw{
    "topic", "bw", "How many bytes messages carry",
    "One report a window and topic, from the first message on. Bytes are those of the messages, as they were received here: without their\n"
    "heads in the ring, and without those lost on the way here.\n"
    "-t is the longest wait for the first message.",
    make_verb<TopicBw>};

}  // namespace bus::tool
