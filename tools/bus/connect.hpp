// Connections as the verbs make them.
#pragma once

#include <bus/connection.hpp>

#include "context.hpp"

namespace bus::tool {

/// For verbs that only look: `--bus`, `--timeout`, our name.
ConnectionOptions connection_options(Context const& context);
/// Waits for a broker that died to be followed by another one, for --timeout at most; says so where it takes long.
/// Errors: those of Connection::open; cancelled: an interrupt.
Result<Connection> connect(Context& context);

/// The end of a verb that has shown what it found without a session: status 4, and a word on stderr, where the bus has no broker just now.
Result<void> want_broker(Context const& context);

}  // namespace bus::tool
