// Calling a service.
#pragma once

#include <bus/handle.hpp>
#include <bus/payload.hpp>

namespace bus {

/// Sends requests of type Request to a service and gets replies of type Reply: a move-only handle.
///
/// Made by a Connection. Services are not there yet: nothing makes one, and nothing can be asked of it.
template <Payload Request, Payload Reply>
class Client : detail::Handle<client::ClientState> {
public:
    using Handle::Handle;
};

}  // namespace bus
