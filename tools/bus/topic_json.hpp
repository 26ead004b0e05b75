// What `topic ls` and `topic info` say of a topic alike.
#pragma once

#include <bus/introspect.hpp>

#include "json_writer.hpp"

namespace bus::tool {

/// "name", "type", "rate", "bytes_per_second", "lost", "messages", "bytes".
void add_topic(JsonWriter& json, TopicInfo const& topic);
/// For people: bytes have no name of their own.
std::string shown_type(std::string const& type);
/// "name[pid]", as a client is named everywhere.
std::string shown_client(Identity const& identity);

}  // namespace bus::tool
