// A timer of a connection: Connection::every, Connection::after.
#pragma once

#include <bus/handle.hpp>

namespace bus {

/// A callback that dispatch() runs when it is due. The destructor ends it, inside its own callback too.
class [[nodiscard]] Timer : detail::Handle<client::TimerState> {
public:
    using Handle::Handle;
};

}  // namespace bus
