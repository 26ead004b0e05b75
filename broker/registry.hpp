// The registry file, written by busd: each object's key before the object exists, its id after, and that it has gone.
//
// It is synced only when it is made anew (start, compaction). A record that only reached the page cache survives kill -9 of busd, and what
// does not survive that (a crash of the kernel) takes the objects along: their boot is over.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shm/registry_record.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"

namespace bus::broker {

class Registry {
public:
    /// Replaces the file by one with a head and these records; readers see the old one or the new one.
    static Result<Registry> create(sys::Directory const& folder, std::uint64_t generation, std::span<shm::RegistryRecord const> records);

    /// Appends one record; `record` is sealed here.
    Result<void> append(shm::RegistryRecord record);
    /// Records in the file, the head included.
    std::size_t records() const noexcept { return records_; }

    static constexpr char const* kFile = "registry";

private:
    Registry(sys::FileDescriptor file, std::size_t records) : file_(std::move(file)), records_(records) {}
    sys::FileDescriptor file_;
    std::size_t records_;
};

}  // namespace bus::broker
