// Times as the bus speaks of them.
#pragma once

#include <chrono>

namespace bus {

using Duration = std::chrono::nanoseconds;                         // waits are measured on the monotonic clock
using Deadline = std::chrono::steady_clock::time_point;            // absolute waits, equal in all processes of one boot
using SentTime = std::chrono::sys_time<std::chrono::nanoseconds>;  // wall clock of the sender: for logs and files

}  // namespace bus
