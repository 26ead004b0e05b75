// What a bare `bus` and `bus dump` say of the bus alike.
#pragma once

#include <bus/introspect.hpp>
#include <string>

#include "json_writer.hpp"

namespace bus::tool {

/// "bus", "folder", "broker", into an open object.
void add_bus(JsonWriter& json, BusInfo const& info);
/// How many clients, topics ... there are.
void add_counts(JsonWriter& json, BusInfo const& info);
std::string bus_text(BusInfo const& info);

}  // namespace bus::tool
