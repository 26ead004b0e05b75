// Names that are on the bus just now.
#include "live_names.hpp"

#include <bus/introspect.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "csv_format.hpp"
#include "topic_json.hpp"

namespace bus::tool {
namespace {

using Candidates = std::vector<Candidate>;

void add_topics(ConnectionOptions const& options, Candidates& found) {
    for (auto const* pattern : {"**", "$bus/**"})
        if (auto const topics = list_topics(pattern, options))
            for (auto const& topic : *topics) found.push_back({topic.name, shown_type(topic.type)});
    // It comes into being when somebody listens.
    if (bus_info(options) && std::ranges::find(found, "$bus/events", &Candidate::word) == found.end())
        found.push_back({"$bus/events", "bus.v1.Event"});
}

void add_types(ConnectionOptions const& options, Candidates& found) {
    std::set<std::string> types;
    if (auto const topics = list_topics("**", options))
        for (auto const& topic : *topics)
            if (!topic.type.empty() && types.insert(topic.type).second) found.push_back({topic.type, "the type of " + topic.name});
}

/// By name where that says who is meant.
void add_clients(ConnectionOptions const& options, Candidates& found) {
    auto const clients = list_clients(options);
    if (!clients) return;
    std::map<std::string, int> names;
    for (auto const& client : *clients) ++names[client.identity.name];
    for (auto const& client : *clients) {
        auto const& name = client.identity.name;
        bool const alone = !name.empty() && names[name] == 1;
        found.push_back({alone ? name : shown_client(client.identity), "client " + std::to_string(client.id)});
    }
}

void add_fields(std::string const& topic, ConnectionOptions const& options, Candidates& found) {
    auto const schema = find_schema(topic, options);
    if (!schema || schema->descriptor() == nullptr) return;
    for (auto const& field : leaf_fields(*schema->descriptor())) found.push_back({field, schema->type()});
}

void add_buses(ConnectionOptions const& options, Candidates& found) {
    auto const buses = find_buses(options);
    if (!buses) return;
    for (auto const& bus : *buses) found.push_back({bus.bus, bus.folder});
}

}  // namespace

void add_live_names(std::string_view type, std::string const& topic, ConnectionOptions const& options, std::vector<Candidate>& found) {
    if (type == "TOPIC") add_topics(options, found);
    if (type == "CLIENT") add_clients(options, found);
    if (type == "TYPE") add_types(options, found), add_topics(options, found);
    if (type == "FIELD") add_fields(topic, options, found);
    if (type == "BUS") add_buses(options, found);
    if (type == "SHELL")
        for (auto const* shell : {"bash", "zsh", "fish"}) found.push_back({shell, {}});
    if (type == "FILE") found.push_back({":files", {}});
    if (type == "CMD") found.push_back({":commands", {}});
}

}  // namespace bus::tool
