// From a stranger to a session. The steps: docs/decisions/0001-spine.md, Admission.
#pragma once

#include <bus/connection_options.hpp>
#include <bus/error.hpp>

#include "client/attached_bus.hpp"
#include "client/session.hpp"
#include "sys/clock.hpp"

namespace bus::client {

/// Says hello and takes what busd offers: token, FIFO, cursor segment. What is left to do is the Attach, an ordinary request.
/// `options` are resolved. An offer that was withdrawn before it was taken is given up, and asked for anew.
/// Errors: timeout        says what it waited for last                    no_broker      busd died, and no other one came in time
///         not_permitted  our uid has no name in this user namespace      closed         the bus was stopped meanwhile
///         and the failure busd answered with: not_permitted, limit, invalid
Result<SessionParts> take_offer(AttachedBus const& bus, ConnectionOptions const& options, sys::Deadline deadline);

}  // namespace bus::client
