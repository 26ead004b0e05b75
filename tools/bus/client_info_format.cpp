// How `client info` shows clients.
#include "client_info_format.hpp"

#include "client_json.hpp"
#include "errors.hpp"
#include "object_json.hpp"
#include "participants.hpp"
#include "quantity.hpp"
#include "table.hpp"
#include "time_text.hpp"
#include "topic_json.hpp"

namespace bus::tool {
namespace {

std::string publishers_text(ClientDetail const& detail, Screen const& screen) {
    Table table({{"  PUBLISHES", Align::left, true},
                 {"PUBLISHER", Align::right, false, 2},
                 {"MESSAGES", Align::right},
                 {"RING", Align::right, false, 1},
                 {"DROPPED", Align::right, false, 4},
                 {"WAITED", Align::right, false, 3},
                 {""}});
    for (auto const& publisher : detail.publishers) {
        auto const held = publisher.held_by == 0 ? std::string() : "held up by client " + std::to_string(publisher.held_by);
        table.row({"  " + publisher.topic, std::to_string(publisher.id), std::to_string(publisher.sequence),
                   show_bytes(static_cast<double>(publisher.ring_bytes)), std::to_string(publisher.dropped),
                   show_duration(publisher.waited), publisher.left ? "left" : held},
                  held.empty() ? Tone::plain : Tone::bad);
    }
    return table.empty() ? std::string() : table.text(screen);
}

std::string subscribers_text(ClientDetail const& detail, Screen const& screen) {
    Table table({{"  READS", Align::left, true},
                 {"KIND", Align::left, false, 1},
                 {"OF", Align::right, false, 2},
                 {"BEHIND", Align::right},
                 {"LOST", Align::right},
                 {""}});
    for (auto const& subscriber : detail.subscribers) {
        auto const kind = std::string(name_of(subscriber.kind));
        if (subscriber.progress.empty()) table.row({"  " + subscriber.pattern, kind, "-", "-", std::to_string(subscriber.lost), ""});
        for (auto const& progress : subscriber.progress) {
            auto const topic = progress.topic == subscriber.pattern ? progress.topic : progress.topic + " (" + subscriber.pattern + ")";
            table.row({"  " + topic, kind, std::to_string(progress.publisher), std::to_string(progress.behind),
                       std::to_string(progress.lost), progress.holds_up ? "holds it up" : ""},
                      progress.holds_up   ? Tone::bad
                      : progress.lost > 0 ? Tone::notice
                                          : Tone::plain);
        }
    }
    return table.empty() ? std::string() : table.text(screen);
}

std::string objects_text(std::vector<KernelObject> const& objects) {
    std::string text;
    for (auto const& object : objects) {
        auto const id = object.kind == KernelObject::Kind::fifo ? object.path : std::to_string(object.id);
        text +=
            "  " + kind_name(object.kind) + " " + id + ", " + object.use + (object.exists ? "" : ", GONE: removed by somebody else") + "\n";
    }
    return text;
}

}  // namespace

std::string clients_json(std::vector<ShownClient> const& clients) {
    JsonWriter json;
    json.object().key("clients").array();
    for (auto const& [detail, objects] : clients) {
        json.object();
        add_client(json, detail.client);
        json.member("lost", detail.client.lost).member("alive", detail.client.alive).key("publishers").array();
        for (auto const& publisher : detail.publishers) add_publisher(json, publisher);
        json.end_array().key("subscribers").array();
        for (auto const& subscriber : detail.subscribers) add_subscriber(json, subscriber);
        json.end_array().key("objects").array();
        for (auto const& object : objects) add_object(json, object);
        json.end_array().end_object();
    }
    return json.end_array().end_object().take() + "\n";
}

std::string clients_text(std::vector<ShownClient> const& clients, Screen const& screen) {
    std::string text;
    for (auto const& [detail, objects] : clients) {
        auto const& client = detail.client;
        if (!text.empty()) text += "\n";
        text += screen.in(Tone::title, "client " + std::to_string(client.id) + ", " + printable(shown_client(client.identity))) + "\n";
        text += "  uid " + std::to_string(client.identity.uid) + ", here for " + show_duration(wall_now() - client.since) + ", " +
                std::to_string(client.lost) + " lost" + (client.alive ? "" : screen.in(Tone::bad, ", DEAD")) + "\n";
        text += publishers_text(detail, screen) + subscribers_text(detail, screen) + objects_text(objects);
    }
    return text;
}

}  // namespace bus::tool
