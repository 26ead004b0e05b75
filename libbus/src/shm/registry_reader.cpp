// The registry file, as far as its checksums hold.
#include "shm/registry_reader.hpp"

#include <algorithm>
#include <cstring>

#include "sys/file.hpp"

namespace bus::shm {

namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 20;

bool is_same_object(RegistryRecord const& a, RegistryRecord const& b) noexcept { return a.object == b.object && a.key == b.key; }

}  // namespace

RegistryRecord const* Registry::find(ObjectKind kind) const noexcept {
    RegistryRecord const* found = nullptr;
    for (RegistryRecord const& record : records) {
        if (record.object != kind) continue;
        if (record.kind == RegistryKind::made) found = &record;
        if (record.kind == RegistryKind::gone && found != nullptr && found->key == record.key) found = nullptr;
    }
    return found;
}

std::vector<RegistryRecord> Registry::alive() const {
    std::vector<RegistryRecord> left;
    for (RegistryRecord const& record : records) {
        auto const same = [&](RegistryRecord const& other) { return is_same_object(other, record); };
        if (record.kind == RegistryKind::gone) {
            std::erase_if(left, same);
        } else if (auto const known = std::find_if(left.begin(), left.end(), same); known != left.end()) {
            *known = record;
        } else {
            left.push_back(record);
        }
    }
    return left;
}

Result<Registry> parse_registry(std::span<std::byte const> file) {
    Registry registry;
    bool has_head = false;
    for (; file.size() - registry.good_bytes >= sizeof(RegistryRecord); registry.good_bytes += sizeof(RegistryRecord)) {
        RegistryRecord record;
        std::memcpy(&record, file.data() + registry.good_bytes, sizeof record);
        if (!is_sealed(record)) break;
        if (has_head == (record.kind == RegistryKind::head)) break;  // one head, and first
        if (has_head)
            registry.records.push_back(record);
        else
            registry.head = record;
        has_head = true;
    }
    registry.torn = registry.good_bytes != file.size();
    if (!has_head) return Error(Errc::invalid, "no registry of a bus: it does not begin with a head record");
    if (registry.head.layout_version != kLayoutVersion)
        return Error(Errc::conflict,
                     "the registry has layout version " + std::to_string(registry.head.layout_version) + ", this program knows version " +
                         std::to_string(kLayoutVersion),
                     "use the library and the busd of one release");
    return registry;
}

Result<Registry> read_registry(std::string const& path) {
    auto const file = sys::read_file(path, kLargestFile);
    if (!file) return file.error();
    auto registry = parse_registry(std::as_bytes(std::span(*file)));
    if (!registry) return Error(registry.error().code(), path + ": " + registry.error().what(), registry.error().hint());
    return registry;
}

}  // namespace bus::shm
