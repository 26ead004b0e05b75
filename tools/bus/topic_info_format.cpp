// How `topic info` shows topics.
#include "topic_info_format.hpp"

#include "errors.hpp"
#include "participants.hpp"
#include "quantity.hpp"
#include "table.hpp"
#include "topic_json.hpp"

namespace bus::tool {
namespace {

std::string publishers_text(TopicDetail const& detail, Screen const& screen) {
    Table table({{"  PUBLISHER", Align::right, false, 5},
                 {"CLIENT", Align::left, true},
                 {"MESSAGES", Align::right},
                 {"RING", Align::right, false, 2},
                 {"FULL", Align::left, false, 1},
                 {"DROPPED", Align::right, false, 4},
                 {"WAITED", Align::right, false, 3},
                 {""}});
    for (auto const& publisher : detail.publishers) {
        auto state = std::string(publisher.kept ? "retained, of publishers that left" : publisher.left ? "left" : "");
        if (publisher.held_by != 0) state += "held up by client " + std::to_string(publisher.held_by);
        table.row({std::to_string(publisher.id), shown_client(publisher.identity), std::to_string(publisher.sequence),
                   show_bytes(static_cast<double>(publisher.ring_bytes)), std::string(name_of(publisher.when_full)),
                   std::to_string(publisher.dropped), show_duration(publisher.waited), state},
                  publisher.held_by != 0 ? Tone::bad : Tone::plain);
    }
    return table.empty() ? std::string() : table.text(screen);
}

std::string subscribers_text(TopicDetail const& detail, Screen const& screen) {
    Table table({{"  SUBSCRIBER", Align::right, false, 3},
                 {"CLIENT", Align::left, true},
                 {"KIND", Align::left, false, 2},
                 {"OF", Align::right, false, 4},
                 {"READ", Align::right, false, 1},
                 {"BEHIND", Align::right},
                 {"LOST", Align::right},
                 {""}});
    for (auto const& subscriber : detail.subscribers) {
        for (auto const& progress : subscriber.progress) {
            table.row({std::to_string(subscriber.id), shown_client(subscriber.identity), std::string(name_of(subscriber.kind)),
                       std::to_string(progress.publisher), progress.attached ? std::to_string(progress.sequence) : "not yet",
                       std::to_string(progress.behind), std::to_string(progress.lost), progress.holds_up ? "holds it up" : ""},
                      progress.holds_up   ? Tone::bad
                      : progress.lost > 0 ? Tone::notice
                                          : Tone::plain);
        }
        if (subscriber.progress.empty()) {
            table.row({std::to_string(subscriber.id), shown_client(subscriber.identity), std::string(name_of(subscriber.kind)), "-", "-",
                       "-", std::to_string(subscriber.lost), ""});
        }
    }
    return table.empty() ? std::string() : table.text(screen);
}

}  // namespace

void add_detail(JsonWriter& json, TopicDetail const& detail) {
    json.object();
    add_topic(json, detail.topic);
    json.key("publishers").array();
    for (auto const& publisher : detail.publishers) add_publisher(json, publisher);
    json.end_array().key("subscribers").array();
    for (auto const& subscriber : detail.subscribers) add_subscriber(json, subscriber);
    json.end_array().end_object();
}

std::string details_json(std::vector<TopicDetail> const& details) {
    JsonWriter json;
    json.object().key("topics").array();
    for (auto const& detail : details) add_detail(json, detail);
    return json.end_array().end_object().take() + "\n";
}

std::string details_text(std::vector<TopicDetail> const& details, Screen const& screen) {
    std::string text;
    for (auto const& detail : details) {
        auto const& topic = detail.topic;
        if (!text.empty()) text += "\n";
        text += screen.in(Tone::title, printable(topic.name)) + "\n  type " + shown_type(topic.type) + ", " + show_rate(topic.rate) +
                " messages/s, " + show_bytes(topic.bytes_per_second) + "/s, " + std::to_string(topic.lost) + " lost\n";
        text += publishers_text(detail, screen) + subscribers_text(detail, screen);
    }
    return text;
}

}  // namespace bus::tool
