// How `topic info` shows topics.
#include "topic_info_format.hpp"

#include "quantity.hpp"
#include "table.hpp"
#include "topic_json.hpp"

namespace bus::tool {
namespace {

std::string_view name_of(ReaderKind kind) {
    switch (kind) {
        case ReaderKind::best_effort:
            return "best_effort";
        case ReaderKind::reliable:
            return "reliable";
        case ReaderKind::observer:
            return "observer";
    }
    return "unknown";
}

std::string_view name_of(WhenFull when_full) {
    switch (when_full) {
        case WhenFull::wait:
            return "wait";
        case WhenFull::refuse:
            return "refuse";
        case WhenFull::drop:
            return "drop";
    }
    return "unknown";
}

void add_identity(JsonWriter& json, std::uint64_t client, Identity const& identity) {
    json.member("client", client).member("name", identity.name).member("pid", identity.pid).member("uid", identity.uid);
}

void add_publisher(JsonWriter& json, PublisherInfo const& publisher) {
    json.object().member("id", publisher.id);
    add_identity(json, publisher.client, publisher.identity);
    json.member("left", publisher.left).member("kept", publisher.kept);
    json.member("sequence", publisher.sequence).member("bytes", publisher.bytes);
    json.member("ring_bytes", publisher.ring_bytes).member("history", publisher.history).member("retain", publisher.retain);
    json.member("when_full", name_of(publisher.when_full)).member("dropped", publisher.dropped);
    json.member("waited", std::chrono::duration<double>(publisher.waited).count()).key("held_by");
    publisher.held_by == 0 ? json.null() : json.value(publisher.held_by);
    json.end_object();
}

void add_subscriber(JsonWriter& json, SubscriberInfo const& subscriber) {
    std::uint64_t behind = 0;
    for (auto const& progress : subscriber.progress) behind += progress.behind;
    json.object().member("id", subscriber.id);
    add_identity(json, subscriber.client, subscriber.identity);
    json.member("pattern", subscriber.pattern)
        .member("kind", name_of(subscriber.kind))
        .member("behind", behind)
        .member("lost", subscriber.lost);
    json.key("progress").array();
    for (auto const& progress : subscriber.progress) {
        json.object().member("publisher", progress.publisher).member("attached", progress.attached).member("sequence", progress.sequence);
        json.member("behind", progress.behind).member("behind_bytes", progress.behind_bytes).member("lost", progress.lost);
        json.member("holds_up", progress.holds_up).end_object();
    }
    json.end_array().end_object();
}

std::string publishers_text(TopicDetail const& detail, std::size_t columns) {
    Table table({{"  PUBLISHER", Align::right},
                 {"CLIENT", Align::left, true},
                 {"MESSAGES", Align::right},
                 {"RING", Align::right},
                 {"FULL"},
                 {"DROPPED", Align::right},
                 {"WAITED", Align::right},
                 {""}});
    for (auto const& publisher : detail.publishers) {
        auto state = std::string(publisher.kept ? "retained, of publishers that left" : publisher.left ? "left" : "");
        if (publisher.held_by != 0) state += "held up by client " + std::to_string(publisher.held_by);
        table.row({std::to_string(publisher.id), shown_client(publisher.identity), std::to_string(publisher.sequence),
                   show_bytes(static_cast<double>(publisher.ring_bytes)), std::string(name_of(publisher.when_full)),
                   std::to_string(publisher.dropped), show_duration(publisher.waited), state});
    }
    return table.empty() ? std::string() : table.text(columns);
}

std::string subscribers_text(TopicDetail const& detail, std::size_t columns) {
    Table table({{"  SUBSCRIBER", Align::right},
                 {"CLIENT", Align::left, true},
                 {"KIND"},
                 {"OF", Align::right},
                 {"READ", Align::right},
                 {"BEHIND", Align::right},
                 {"LOST", Align::right},
                 {""}});
    for (auto const& subscriber : detail.subscribers) {
        for (auto const& progress : subscriber.progress) {
            table.row({std::to_string(subscriber.id), shown_client(subscriber.identity), std::string(name_of(subscriber.kind)),
                       std::to_string(progress.publisher), progress.attached ? std::to_string(progress.sequence) : "not yet",
                       std::to_string(progress.behind), std::to_string(progress.lost), progress.holds_up ? "holds it up" : ""});
        }
        if (subscriber.progress.empty()) {
            table.row({std::to_string(subscriber.id), shown_client(subscriber.identity), std::string(name_of(subscriber.kind)), "-", "-",
                       "-", std::to_string(subscriber.lost), ""});
        }
    }
    return table.empty() ? std::string() : table.text(columns);
}

}  // namespace

std::string details_json(std::vector<TopicDetail> const& details) {
    JsonWriter json;
    json.object().key("topics").array();
    for (auto const& detail : details) {
        json.object();
        add_topic(json, detail.topic);
        json.key("publishers").array();
        for (auto const& publisher : detail.publishers) add_publisher(json, publisher);
        json.end_array().key("subscribers").array();
        for (auto const& subscriber : detail.subscribers) add_subscriber(json, subscriber);
        json.end_array().end_object();
    }
    return json.end_array().end_object().take() + "\n";
}

std::string details_text(std::vector<TopicDetail> const& details, std::size_t columns) {
    std::string text;
    for (auto const& detail : details) {
        auto const& topic = detail.topic;
        if (!text.empty()) text += "\n";
        text += topic.name + "\n  type " + shown_type(topic.type) + ", " + show_rate(topic.rate) + " messages/s, " +
                show_bytes(topic.bytes_per_second) + "/s, " + std::to_string(topic.lost) + " lost\n";
        text += publishers_text(detail, columns) + subscribers_text(detail, columns);
    }
    return text;
}

}  // namespace bus::tool
