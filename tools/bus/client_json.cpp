// What is said of a client.
#include "client_json.hpp"

#include "quantity.hpp"
#include "table.hpp"
#include "time_text.hpp"

namespace bus::tool {

void add_client(JsonWriter& json, ClientInfo const& client) {
    json.member("id", client.id).member("name", client.identity.name).member("pid", client.identity.pid);
    json.member("uid", client.identity.uid).member("gid", client.identity.gid).member("since", rfc3339(client.since));
}

void add_client_row(JsonWriter& json, ClientInfo const& client) {
    json.object();
    add_client(json, client);
    json.member("publishers", client.publishers).member("subscribers", client.subscribers).member("lost", client.lost);
    json.member("alive", client.alive).end_object();
}

std::string client_table(std::vector<ClientInfo> const& clients, Screen const& screen) {
    Table table({{"ID", Align::right},
                 {"NAME", Align::left, true},
                 {"PID", Align::right, false, 3},
                 {"UID", Align::right, false, 1},
                 {"PUB", Align::right, false, 5},
                 {"SUB", Align::right, false, 4},
                 {"LOST", Align::right},
                 {"FOR", Align::left, false, 2},
                 {""}});
    for (auto const& client : clients) {
        table.row({std::to_string(client.id), client.identity.name, std::to_string(client.identity.pid),
                   std::to_string(client.identity.uid), std::to_string(client.publishers), std::to_string(client.subscribers),
                   std::to_string(client.lost), show_duration(wall_now() - client.since), client.alive ? "" : "DEAD"},
                  client.alive ? Tone::plain : Tone::bad);
    }
    return table.text(screen);
}

}  // namespace bus::tool
