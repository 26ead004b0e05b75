// One record of the registry: made, sealed with its checksum, checked.
#pragma once

#include <cstdint>
#include <string_view>

#include "shm/registry_layout.hpp"

namespace bus::shm {

std::string_view to_string(ObjectKind kind) noexcept;

/// CRC-32C of the record with its checksum field zero.
std::uint32_t checksum_of(RegistryRecord const& record) noexcept;

/// Sets magic and checksum: the last thing before it is written.
void seal(RegistryRecord& record) noexcept;

/// Whether magic and checksum agree.
bool is_sealed(RegistryRecord const& record) noexcept;

/// Sets `text`, cut to what fits with a zero behind it.
void set_text(RegistryRecord& record, std::string_view text) noexcept;
std::string_view text_of(RegistryRecord const& record) noexcept;

}  // namespace bus::shm
