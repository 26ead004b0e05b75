// What is said of a topic alike.
#include "topic_json.hpp"

namespace bus::tool {

void add_topic(JsonWriter& json, TopicInfo const& topic) {
    json.member("name", topic.name).member("type", topic.type).member("rate", topic.rate);
    json.member("bytes_per_second", topic.bytes_per_second).member("lost", topic.lost);
    json.member("messages", topic.messages).member("bytes", topic.bytes);
}

std::string shown_type(std::string const& type) { return type.empty() ? "(bytes)" : type; }

std::string shown_client(Identity const& identity) {
    return (identity.name.empty() ? "?" : identity.name) + "[" + std::to_string(identity.pid) + "]";
}

}  // namespace bus::tool
