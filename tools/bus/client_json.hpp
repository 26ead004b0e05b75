// What `client ls`, `client info` and `dump` say of a client alike.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "json_writer.hpp"
#include "screen.hpp"

namespace bus::tool {

/// "id", "name", "pid", "uid", "gid", "since", into an open object.
void add_client(JsonWriter& json, ClientInfo const& client);
/// One object: that, and its numbers.
void add_client_row(JsonWriter& json, ClientInfo const& client);
std::string client_table(std::vector<ClientInfo> const& clients, Screen const& screen);

}  // namespace bus::tool
