// How one event of the bus is written by `bus events`.
#pragma once

#include <bus/v1/events.pb.h>

#include <cstdint>
#include <string>

#include "time_text.hpp"

namespace bus::tool {

/// A name of v1::Event::Kind; a number where the broker is of a later release.
std::string kind_name(v1::Event::Kind kind);
/// An event of our own making: that the broker is gone nobody else can tell.
v1::Event own_event(v1::Event::Kind kind, WallTime time, std::string text);

/// "12:00:00.000 client_left      sensor[12] died".
std::string event_text(v1::Event const& event);
/// One object; `lost`: events that we lost before this one.
std::string event_json(v1::Event const& event, std::uint64_t lost);

}  // namespace bus::tool
