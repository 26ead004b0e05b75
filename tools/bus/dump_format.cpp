// All that can be said of a bus.
#include "dump_format.hpp"

#include <algorithm>

#include "bus_json.hpp"
#include "client_json.hpp"
#include "loss_json.hpp"
#include "object_json.hpp"
#include "topic_info_format.hpp"

namespace bus::tool {

Result<BusDump> take_dump(ConnectionOptions const& options) {
    BusDump dump;
    auto info = bus_info(options);
    if (!info) return info.error();
    dump.info = std::move(*info);
    auto clients = list_clients(options);
    if (!clients) return clients.error();
    dump.clients = std::move(*clients);
    for (auto const* pattern : {"**", "$bus/**"}) {
        auto topics = topic_details(pattern, options);
        if (!topics) return topics.error();
        std::ranges::move(*topics, std::back_inserter(dump.topics));
    }
    auto losses = list_losses("**", options);
    if (!losses) return losses.error();
    dump.losses = std::move(*losses);
    auto objects = kernel_objects(options);
    if (!objects) return objects.error();
    dump.objects = std::move(*objects);
    return dump;
}

std::string dump_json(BusDump const& dump) {
    JsonWriter json;
    json.object();
    add_bus(json, dump.info);
    json.key("clients").array();
    for (auto const& client : dump.clients) add_client_row(json, client);
    json.end_array().key("topics").array();
    for (auto const& detail : dump.topics) add_detail(json, detail);
    json.end_array().key("losses").array();
    for (auto const& loss : dump.losses) add_loss(json, loss);
    json.end_array().key("objects").array();
    for (auto const& object : dump.objects) add_object(json, object);
    return json.end_array().end_object().take() + "\n";
}

std::string dump_text(BusDump const& dump, Screen const& screen) {
    auto text = bus_text(dump.info);
    if (!dump.clients.empty()) text += "\n" + client_table(dump.clients, screen);
    if (!dump.topics.empty()) text += "\n" + details_text(dump.topics, screen);
    if (!dump.losses.empty()) text += "\n" + loss_table(dump.losses, screen);
    return text + "\n" + object_table(dump.objects, screen);
}

std::string what_is_there(BusDump const& dump) {
    JsonWriter json;
    json.array().value(dump.info.broker.generation).value(dump.info.broker.alive);
    for (auto const& client : dump.clients) json.value(client.id).value(client.alive);
    for (auto const& detail : dump.topics) {
        json.value(detail.topic.name).value(detail.topic.type);
        for (auto const& publisher : detail.publishers) json.value(publisher.id).value(publisher.left);
        for (auto const& subscriber : detail.subscribers) json.value(subscriber.id);
    }
    return json.end_array().take();
}

}  // namespace bus::tool
