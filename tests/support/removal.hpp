// What a careless operator does with ipcrm, one bus at a time.
#pragma once

#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <bus/introspect.hpp>
#include <cerrno>
#include <string_view>

namespace bus::test {

/// Removes the kernel objects of that bus, all or those of one use ("tokens", "arena"). Returns: how many have gone by it. A busd that
/// lives may remove the last ones itself: it sees the first one missing.
inline int remove_objects(ConnectionOptions const& options, std::string_view use = {}) {
    int count = 0;
    for (auto const& object : kernel_objects(options).value()) {
        if (!object.exists || (!use.empty() && object.use != use)) continue;
        using Kind = KernelObject::Kind;
        bool const removed = (object.kind == Kind::queue     ? ::msgctl(object.id, IPC_RMID, nullptr)
                              : object.kind == Kind::segment ? ::shmctl(object.id, IPC_RMID, nullptr)
                                                             : ::semctl(object.id, 0, IPC_RMID)) == 0;
        count += removed || errno == EINVAL || errno == EIDRM;
    }
    return count;
}

/// The directory of the bus that stands there now; -1: none does.
inline std::int32_t id_of_directory(ConnectionOptions const& options) {
    auto const objects = kernel_objects(options);
    if (!objects) return -1;
    for (auto const& object : *objects)
        if (object.use == "directory" && object.exists) return object.id;
    return -1;
}

}  // namespace bus::test
