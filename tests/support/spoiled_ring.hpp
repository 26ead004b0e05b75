// A ring whose head makes no sense any more, as its publisher could leave it: what a busd that takes over must not trust.
#pragma once

#include <sys/shm.h>

#include <bus/introspect.hpp>

#include "shm/ring_layout.hpp"

namespace bus::test {

/// Writes nonsense into the head of the first ring there is. Returns: whether one was found.
inline bool spoil_a_ring(ConnectionOptions const& options) {
    for (auto const& object : kernel_objects(options).value()) {
        if (object.use != "arena") continue;
        auto* const arena = static_cast<std::byte*>(::shmat(object.id, nullptr, 0));
        bool found = false;
        for (std::size_t offset = shm::kPage; offset + shm::kPage <= object.bytes && !found; offset += shm::kPage) {
            auto& head = *reinterpret_cast<shm::RingHead*>(arena + offset);
            found = head.magic_version == (shm::kRingMagic | shm::kLayoutVersion);
            if (found) head.capacity = 4097;
        }
        ::shmdt(arena);
        if (found) return true;
    }
    return false;
}

}  // namespace bus::test
