// Times as text: RFC 3339, UTC, nanoseconds.
#pragma once

#include <chrono>
#include <string>

namespace bus::tool {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "2024-05-01T12:00:00.000000001Z".
std::string rfc3339(WallTime time);
/// The time of day, UTC, to the microsecond: "12:00:00.000000".
std::string time_of_day(WallTime time);
WallTime wall_now();

}  // namespace bus::tool
