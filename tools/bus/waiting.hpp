// How a stream sleeps: until something can be received, or the time is up, the user interrupts, or the reader of stdout goes away.
#pragma once

#include <chrono>
#include <vector>

#include <bus/error.hpp>
#include <bus/time.hpp>

#include "context.hpp"

namespace bus::tool {

/// now + duration, and Deadline::max() where that is too far off.
Deadline deadline_in(Duration duration);

/// Writes out what stdout holds back, then sleeps until one of `fds` is readable.
///
/// Errors: timeout; cancelled: an interrupt; closed: the reader of stdout has gone (out.reader_gone() is true); io.
Result<void> wait_readable(Output& out, std::vector<int> const& fds, Deadline deadline);

/// The same without anything to receive: until `deadline`, which is success here.
Result<void> sleep_until(Output& out, Deadline deadline);

}  // namespace bus::tool
