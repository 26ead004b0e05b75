// Descriptor sets in shared segments.
#include "schema_store.hpp"

#include <algorithm>
#include <cstring>

#include "shm/open_segment.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

constexpr std::size_t kStoreBytes = 256 << 10;

std::string_view text_at(std::span<std::byte const> segment, std::uint64_t offset, std::uint64_t bytes) {
    return {reinterpret_cast<char const*>(segment.data()) + offset, bytes};
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes) noexcept {
    std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
    for (char const c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
    return hash;
}

std::string_view SchemaStore::bytes(std::uint32_t index) const {
    auto const found = schemas_.find(index);
    if (found == schemas_.end()) return {};
    return text_at(found->second.store->mapping.bytes(), found->second.offset, found->second.bytes);
}

Result<SchemaStore::Store*> SchemaStore::room_for(std::size_t bytes) {
    for (auto& [id, store] : stores_) {
        if (bytes <= store->mapping.bytes().size() - store->next) return store.get();
    }
    SegmentOrder const order{shm::ObjectKind::schemas,
                             shm::SegmentKind::schemas,
                             std::max(kStoreBytes, shm::align_up(sizeof(shm::SegmentHead) + bytes, shm::kPage)),
                             {sys::effective_uid(), sys::effective_gid(), 0644},
                             0,
                             "schemas"};
    auto made = objects_.create_segment(order);
    if (!made) return made.error();
    auto store = std::make_unique<Store>(Store{made->ref, std::move(made->mapping), sizeof(shm::SegmentHead), 0});
    return (stores_[made->ref.id] = std::move(store)).get();
}

Result<std::uint32_t> SchemaStore::acquire(std::string_view descriptor_set) {
    auto const hash = hash_of(descriptor_set);
    for (auto& [index, schema] : schemas_) {
        if (schema.hash != hash || bytes(index) != descriptor_set) continue;
        ++schema.users;
        return index;
    }
    auto const index = directory_.find_free<shm::SchemaEntry>();
    if (!index) return index.error();
    auto store = room_for(descriptor_set.size());
    if (!store) return store.error();
    auto& to = **store;
    Schema const schema{hash, 1, &to, to.next, descriptor_set.size()};
    std::memcpy(to.mapping.writable_bytes().data() + to.next, descriptor_set.data(), descriptor_set.size());
    to.next = std::min(shm::align_up(to.next + descriptor_set.size(), 8), to.mapping.bytes().size());
    ++to.schemas;
    directory_.change<shm::SchemaEntry>(*index, [&](shm::SchemaEntry& entry) {
        entry.hash = hash;
        entry.segment = to.ref;
        entry.offset = schema.offset;
        entry.bytes = schema.bytes;
        entry.head.state = static_cast<std::uint32_t>(shm::SchemaState::present);
    });
    schemas_[*index] = schema;
    return *index;
}

void SchemaStore::share(std::uint32_t index) {
    if (auto const found = schemas_.find(index); found != schemas_.end()) ++found->second.users;
}

void SchemaStore::release(std::uint32_t index) {
    auto const found = schemas_.find(index);
    if (found == schemas_.end() || --found->second.users > 0) return;
    remove(index);
}

void SchemaStore::remove(std::uint32_t index) {
    auto* const store = schemas_.at(index).store;
    directory_.free<shm::SchemaEntry>(index);
    schemas_.erase(index);
    if (--store->schemas > 0) return;
    objects_.remove(store->ref);
    stores_.erase(store->ref.id);
}

Result<void> SchemaStore::adopt(std::uint32_t index, shm::SchemaEntry const& entry) {
    auto found = stores_.find(entry.segment.id);
    if (found == stores_.end()) {
        auto checked =
            shm::open_segment(entry.segment, shm::SegmentKind::schemas, sys::effective_uid(), sys::Access::read_write, sys::steady_now());
        if (!checked) return checked.error();
        auto store = std::make_unique<Store>(Store{entry.segment, std::move(checked->mapping), sizeof(shm::SegmentHead), 0});
        found = stores_.emplace(entry.segment.id, std::move(store)).first;
    }
    auto& store = *found->second;
    auto const size = store.mapping.bytes().size();
    if (entry.offset < sizeof(shm::SegmentHead) || entry.offset > size || entry.bytes > size - entry.offset) {
        return Error(Errc::invalid, "schema " + std::to_string(index) + " lies beyond its segment");
    }
    ++store.schemas;
    store.next = std::max(store.next, std::min(shm::align_up(entry.offset + entry.bytes, 8), size));
    schemas_[index] = {entry.hash, 0, &store, entry.offset, entry.bytes};
    return {};
}

std::vector<key_t> SchemaStore::segment_keys() const {
    std::vector<key_t> keys;
    for (auto const& [id, store] : stores_) keys.push_back(store->ref.key);
    return keys;
}

void SchemaStore::remove_unused() {
    for (auto next = schemas_.begin(); next != schemas_.end();) {
        auto const [index, schema] = *(next++);
        if (schema.users == 0) remove(index);
    }
}

}  // namespace bus::broker
