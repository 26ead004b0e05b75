// Which client is meant.
#include "client_choice.hpp"

#include <algorithm>

#include "topic_json.hpp"

namespace bus::tool {
namespace {

bool is_meant(ClientInfo const& client, std::string const& wanted) {
    return wanted == client.identity.name || wanted == shown_client(client.identity) ||
           wanted == "[" + std::to_string(client.identity.pid) + "]";
}

std::string list_of(std::vector<ClientInfo> const& clients) {
    std::string text;
    for (auto const& client : clients)
        text += (text.empty() ? "" : ", ") + std::to_string(client.id) + " is " + shown_client(client.identity);
    return text;
}

Result<ClientInfo> choose(std::vector<ClientInfo> const& clients, std::string const& wanted) {
    auto const by_number = std::ranges::find_if(clients, [&](auto const& client) { return std::to_string(client.id) == wanted; });
    if (by_number != clients.end()) return *by_number;
    std::vector<ClientInfo> meant;
    std::ranges::copy_if(clients, std::back_inserter(meant), [&](auto const& client) { return is_meant(client, wanted); });
    if (meant.size() == 1) return meant.front();
    if (meant.empty()) return Error(Errc::not_found, "there is no client '" + wanted + "'", "bus client ls");
    return Error(Errc::conflict, std::to_string(meant.size()) + " clients are called '" + wanted + "': " + list_of(meant),
                 "give the number, or NAME[PID]");
}

}  // namespace

Result<std::vector<ClientInfo>> choose_clients(std::vector<std::string> const& wanted, ConnectionOptions const& options) {
    auto const clients = list_clients(options);
    if (!clients) return clients.error();
    std::vector<ClientInfo> chosen;
    for (auto const& one : wanted) {
        auto client = choose(*clients, one);
        if (!client) return client.error();
        if (std::ranges::find(chosen, client->id, &ClientInfo::id) == chosen.end()) chosen.push_back(std::move(*client));
    }
    return chosen;
}

}  // namespace bus::tool
