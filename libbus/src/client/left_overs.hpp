// What the registry of a bus names and the kernel still has; and taking it away.
#pragma once

#include <bus/error.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shm/registry_reader.hpp"

namespace bus::client {

enum class ObjectType { segment, queue, set };
ObjectType type_of(shm::ObjectKind kind);

/// One object of the kernel, found by its id, or by its key where busd died before it wrote the id down.
struct LeftOver {
    shm::ObjectKind kind = shm::ObjectKind::none;
    int id = -1;
    int key = 0;
    std::string text;  // what for
    /// "segment 17 (arena: session 3)"
    std::string line() const;
};

/// Those of the records that exist: key and creator agree. A segment that only waits for its last process to detach doesn't count.
std::vector<LeftOver> existing(std::vector<shm::RegistryRecord> const& records, std::uint32_t broker_uid);

/// Errors: not_permitted. What has gone meanwhile is no error.
Result<void> remove(LeftOver const& object);

}  // namespace bus::client
