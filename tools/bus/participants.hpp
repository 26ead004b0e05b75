// Publishers and subscribers, as `topic info`, `client info` and `dump` write them.
#pragma once

#include <bus/introspect.hpp>
#include <string_view>

#include "json_writer.hpp"

namespace bus::tool {

std::string_view name_of(ReaderKind kind);
std::string_view name_of(WhenFull when_full);

/// One object each.
void add_publisher(JsonWriter& json, PublisherInfo const& publisher);
void add_subscriber(JsonWriter& json, SubscriberInfo const& subscriber);

}  // namespace bus::tool
