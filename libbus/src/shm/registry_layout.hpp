// The registry: an append-only file `registry` in the runtime folder, of records of 128 bytes, little-endian as the machine.
// busd writes an `intent` with an object's random key before it creates the object, a `made` with the id after, a `gone` once removed:
// whatever instruction it dies at, what is left can be found by key or by id. At start it is compacted: a new file, synced, renamed over.
// Clients read only the head and the first records: the directory, the rendezvous queue and the `alive` set come first.
// A record whose checksum is wrong ends the file: it was being written when busd died.
#pragma once

#include "shm/segment_layout.hpp"

namespace bus::shm {

inline constexpr std::uint32_t kRegistryMagic = 0x4255'5347;  // "BUSG"

enum class RegistryKind : std::uint16_t { head = 1, intent = 2, made = 3, gone = 4 };
enum class ObjectKind : std::uint16_t {
    none = 0,
    directory = 1,
    rendezvous = 2,
    alive = 3,
    lobby = 4,
    requests = 5,
    tokens = 6,
    bells = 7,
    attention = 8,
    cursors = 9,
    arena = 10,
    schemas = 11
};

struct RegistryRecord {
    std::uint32_t magic;
    std::uint32_t checksum;  // CRC-32C of the record with this field zero
    RegistryKind kind;
    ObjectKind object;
    std::uint32_t layout_version;  // head only
    std::int32_t key;
    std::int32_t id;  // made, gone
    Cookie cookie;    // segments
    std::uint64_t generation;
    std::uint64_t ipc_namespace;  // head: inode of the IPC namespace
    std::uint32_t uid;            // owner
    std::uint32_t reserved;
    char text[64];  // head: boot id, then zero; others: what it is for, for people
};
static_assert(sizeof(RegistryRecord) == 128);

}  // namespace bus::shm
