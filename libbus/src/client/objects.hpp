// Queues and sets as the directory names them: used only after id, key and creator agree (ids recur).
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <string>

#include "shm/segment_layout.hpp"
#include "sys/message_queue.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

/// Errors: not_found: it has gone, or the id means another one by now.
Result<sys::Queue> open_queue(shm::ObjectRef const& ref, std::uint32_t broker_uid);
Result<sys::SemaphoreSet> open_set(shm::ObjectRef const& ref, std::uint32_t broker_uid);

/// The FIFO of a session, as a path in the runtime folder: "fifo/1f".
std::string fifo_name(std::uint64_t session_id);

}  // namespace bus::client
