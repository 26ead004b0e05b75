// Publishers and subscribers, as `topic info`, `client info` and `dump` write them.
#include "participants.hpp"

namespace bus::tool {
namespace {

void add_identity(JsonWriter& json, std::uint64_t client, Identity const& identity) {
    json.member("client", client).member("name", identity.name).member("pid", identity.pid).member("uid", identity.uid);
}

}  // namespace

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

void add_publisher(JsonWriter& json, PublisherInfo const& publisher) {
    json.object().member("id", publisher.id).member("topic", publisher.topic);
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
        json.object()
            .member("publisher", progress.publisher)
            .member("topic", progress.topic)
            .member("attached", progress.attached)
            .member("sequence", progress.sequence);
        json.member("behind", progress.behind).member("behind_bytes", progress.behind_bytes).member("lost", progress.lost);
        json.member("holds_up", progress.holds_up).end_object();
    }
    json.end_array().end_object();
}

}  // namespace bus::tool
