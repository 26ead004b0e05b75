// CRC-32C by Boost: the registry is no data path.
#include "shm/registry_record.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>

namespace bus::shm {

std::string_view to_string(ObjectKind kind) noexcept {
    switch (kind) {
        case ObjectKind::directory:
            return "directory";
        case ObjectKind::rendezvous:
            return "rendezvous";
        case ObjectKind::alive:
            return "alive";
        case ObjectKind::lobby:
            return "lobby";
        case ObjectKind::requests:
            return "requests";
        case ObjectKind::tokens:
            return "tokens";
        case ObjectKind::bells:
            return "bells";
        case ObjectKind::attention:
            return "attention";
        case ObjectKind::cursors:
            return "cursors";
        case ObjectKind::arena:
            return "arena";
        case ObjectKind::schemas:
            return "schemas";
        case ObjectKind::none:
            break;
    }
    return "none";
}

std::uint32_t checksum_of(RegistryRecord const& record) noexcept {
    RegistryRecord copy = record;
    copy.checksum = 0;
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(&copy, sizeof copy);
    return crc.checksum();
}

void seal(RegistryRecord& record) noexcept {
    record.magic = kRegistryMagic;
    record.checksum = checksum_of(record);
}

bool is_sealed(RegistryRecord const& record) noexcept { return record.magic == kRegistryMagic && record.checksum == checksum_of(record); }

void set_text(RegistryRecord& record, std::string_view text) noexcept {
    std::memset(record.text, 0, sizeof record.text);
    std::memcpy(record.text, text.data(), std::min(text.size(), sizeof record.text - 1));
}

std::string_view text_of(RegistryRecord const& record) noexcept { return {record.text, strnlen(record.text, sizeof record.text)}; }

}  // namespace bus::shm
