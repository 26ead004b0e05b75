// Notices at once that somebody removes the bus's semaphores, as `ipcrm -a` does: what busd would find within a second anyway.
//
// A semaphore set can't be polled, but whoever sleeps on one that goes is woken. So a thread sleeps until the sign of life is zero, which
// it is not as long as busd lives, or gone, and pokes a descriptor. It holds nothing else, and ends with the set or with the process:
// nobody waits for it.
#pragma once

#include <bus/error.hpp>
#include <memory>

#include "shm/segment_layout.hpp"
#include "sys/event_fd.hpp"

namespace bus::broker {

class RemovalWatch {
public:
    /// `alive` is the sign of life, raised by this process. Errors: limit: descriptors or threads.
    static Result<RemovalWatch> start(shm::ObjectRef const& alive);
    /// Readable once the set has gone.
    int fd() const noexcept { return event_->fd(); }

private:
    explicit RemovalWatch(std::shared_ptr<sys::EventFd const> event) noexcept : event_(std::move(event)) {}
    std::shared_ptr<sys::EventFd const> event_;  // shared with the thread
};

}  // namespace bus::broker
