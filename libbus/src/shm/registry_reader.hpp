// Reading the registry file: by clients, who want to know where the bus is, and by the next busd, who wants all that may be left.
#pragma once

#include <bus/error.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "shm/registry_record.hpp"

namespace bus::shm {

struct Registry {
    RegistryRecord head{};                // kind head
    std::vector<RegistryRecord> records;  // behind it, in order, each with a good checksum
    std::size_t good_bytes = 0;           // where the next record goes
    bool torn = false;                    // something behind good_bytes is no record: busd died writing it

    /// The last `made` of this kind that has no `gone`; null: none.
    RegistryRecord const* find(ObjectKind kind) const noexcept;

    /// What may exist: each key with its last record, `intent` or `made`; those with a `gone` are left out.
    std::vector<RegistryRecord> alive() const;
};

/// Errors: invalid: no head record, or not of a registry; conflict: another layout version, names both.
Result<Registry> parse_registry(std::span<std::byte const> file);

/// Errors: not_found, not_permitted, io: the file; and those of parse_registry, with its path.
Result<Registry> read_registry(std::string const& path);

}  // namespace bus::shm
