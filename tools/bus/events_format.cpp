// How one event of the bus is written by `bus events`.
#include "events_format.hpp"

#include "errors.hpp"
#include "json_writer.hpp"

namespace bus::tool {
namespace {

using v1::Event;

constexpr std::size_t kKindColumns = 16;  // of the longest: broker_took_over

WallTime time_of(Event const& event) {
    return WallTime(std::chrono::seconds(event.time().seconds()) + std::chrono::nanoseconds(event.time().nanos()));
}

std::string how_name(Event const& event) {
    auto const& name = Event::How_Name(event.how());
    return name.empty() ? std::to_string(event.how()) : name;
}

std::string reader_name(Event const& event) {
    auto const& name = Event::Reader_Name(event.reader());
    return name.empty() ? std::to_string(event.reader()) : name;
}

std::string shown_client(Event const& event) {
    if (!event.has_client()) return "?";
    return (event.client().name().empty() ? "?" : event.client().name()) + "[" + std::to_string(event.client().pid()) + "]";
}

std::string counted(Event const& event, std::string const& what) {
    if (!event.has_count()) return {};
    return ", " + std::to_string(event.count()) + " " + what + (event.count() == 1 ? "" : "s");
}

std::string in_words(Event::How how) {
    switch (how) {
        case Event::said_goodbye:
            return " said goodbye";
        case Event::died:
            return " died";
        case Event::was_evicted:
            return " was evicted";
        case Event::was_fenced_off:
            return " was fenced off";
        case Event::was_removed:
            return " was removed";
        case Event::was_unused:
            return " is not used any more";
        default:
            return {};
    }
}

std::string of_type(Event const& event) { return event.type().empty() ? "" : " (" + event.type() + ")"; }

// Several lines, of a difference, in one.
std::string in_one_line(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, "; ");
    return printable(text);
}

std::string what_happened(Event const& event) {
    switch (event.kind()) {
        case Event::client_came:
            return shown_client(event) + " of uid " + std::to_string(event.client().uid()) + counted(event, "client");
        case Event::client_left:
            return shown_client(event) + in_words(event.how()) + (event.text().empty() ? "" : ": " + event.text()) +
                   counted(event, "client");
        case Event::topic_made:
            return event.topic() + of_type(event);
        case Event::topic_gone:
            return event.topic() + in_words(event.how());
        case Event::publisher_came:
        case Event::publisher_left:
            return event.topic() + of_type(event) + " of " + shown_client(event) + counted(event, "publisher");
        case Event::subscriber_came:
        case Event::subscriber_left:
            return event.topic() + of_type(event) + " of " + shown_client(event) + ", " + reader_name(event) + counted(event, "subscriber");
        case Event::refused:
            return shown_client(event) + (event.topic().empty() ? "" : " " + event.topic()) + ": " + event.code() + ": " + event.text();
        case Event::evicted:
            return shown_client(event) + " " + event.text();
        default:
            return event.text();
    }
}

void add_text(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name);
    text.empty() ? json.null() : json.value(text);
}

void add_number(JsonWriter& json, std::string_view name, std::uint64_t number, bool known) {
    json.key(name);
    known ? json.value(number) : json.null();
}

}  // namespace

std::string kind_name(Event::Kind kind) {
    auto const& name = Event::Kind_Name(kind);
    return name.empty() ? std::to_string(kind) : name;
}

Event own_event(Event::Kind kind, WallTime time, std::string text) {
    Event event;
    event.set_kind(kind);
    auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
    event.mutable_time()->set_seconds(seconds.time_since_epoch().count());
    event.mutable_time()->set_nanos(static_cast<std::int32_t>((time - seconds).count()));
    event.set_text(std::move(text));
    return event;
}

std::string event_text(Event const& event) {
    auto kind = kind_name(event.kind());
    kind.resize(std::max(kind.size(), kKindColumns), ' ');
    return time_of_day(time_of(event)).substr(0, 12) + " " + kind + " " + in_one_line(what_happened(event)) + "\n";
}

std::string event_json(Event const& event, std::uint64_t lost) {
    JsonWriter json;
    json.object().member("time", rfc3339(time_of(event))).member("kind", kind_name(event.kind()));
    add_text(json, "topic", event.topic());
    json.key("client");
    if (event.has_client()) {
        auto const& client = event.client();
        json.object().member("id", client.id()).member("name", client.name());
        json.member("pid", client.pid()).member("uid", client.uid()).end_object();
    } else {
        json.null();
    }
    add_number(json, "publisher", event.publisher(), event.publisher() != 0);
    add_text(json, "text", event.text());
    add_number(json, "count", event.count(), event.has_count());
    add_text(json, "how", event.how() == Event::how_unknown ? std::string() : how_name(event));
    add_text(json, "code", event.code());
    add_text(json, "type", event.type());
    add_text(json, "reader", event.reader() == Event::no_reader ? std::string() : reader_name(event));
    add_number(json, "generation", event.generation(), event.generation() != 0);
    return json.member("lost", lost).end_object().take() + "\n";
}

}  // namespace bus::tool
