// Descriptor sets, each stored once: found by hash, compared byte by byte, kept while a topic has it.
//
// They lie in shared segments that everybody may read and only busd writes. Room is given out in a row; a segment goes when nothing in it
// is used any more.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "object_store.hpp"
#include "shm/directory_writer.hpp"

namespace bus::broker {

class SchemaStore {
public:
    SchemaStore(shm::DirectoryWriter& directory, ObjectStore& objects) : directory_(directory), objects_(objects) {}

    /// The index of the entry that holds these bytes, stored where they are new; one more user of it. Errors: limit.
    Result<std::uint32_t> acquire(std::string_view descriptor_set);
    /// One more user of an entry that is there. kNil is allowed and does nothing; so in release().
    void share(std::uint32_t index);
    /// One user less; the last one takes the entry along.
    void release(std::uint32_t index);
    /// The bytes of an entry; empty where there is none.
    std::string_view bytes(std::uint32_t index) const;

    /// Takes over what an earlier busd stored, with no users yet. Errors: the segment is not to be trusted.
    Result<void> adopt(std::uint32_t index, shm::SchemaEntry const& entry);
    /// After adoption: removes what nobody came to use.
    void remove_unused();
    std::size_t size() const noexcept { return schemas_.size(); }
    std::vector<key_t> segment_keys() const;

private:
    struct Store {
        shm::ObjectRef ref;
        sys::SegmentMapping mapping;
        std::size_t next = 0;  // offset of the first byte never given out
        std::size_t schemas = 0;
    };
    struct Schema {
        std::uint64_t hash = 0;
        std::uint32_t users = 0;
        Store* store = nullptr;
        std::uint64_t offset = 0, bytes = 0;
    };

    Result<Store*> room_for(std::size_t bytes);
    void remove(std::uint32_t index);

    shm::DirectoryWriter& directory_;
    ObjectStore& objects_;
    std::map<int, std::unique_ptr<Store>> stores_;  // by segment id
    std::map<std::uint32_t, Schema> schemas_;       // by index
};

/// FNV-1a: a name for bytes, no proof. Compare the bytes.
std::uint64_t hash_of(std::string_view bytes) noexcept;

}  // namespace bus::broker
