// A job out of a work queue.
#pragma once

#include <bus/handle.hpp>
#include <bus/payload.hpp>

namespace bus {

/// One job that a consumer has taken: a move-only handle, which holds the job until it is destroyed.
///
/// Made by a Consumer. Queues are not there yet: nothing makes one, and nothing can be asked of it.
template <Payload T>
class [[nodiscard]] Job : detail::Handle<client::JobState> {
public:
    using Handle::Handle;
};

}  // namespace bus
