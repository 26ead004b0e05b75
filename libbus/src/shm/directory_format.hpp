// Laying out a new directory segment (busd).
#pragma once

#include <span>
#include <string_view>

#include "shm/directory_layout.hpp"

namespace bus::shm {

struct DirectorySizes {  // entries of each table
    std::uint32_t users = 256;
    std::uint32_t sessions = 1024;
    std::uint32_t topics = 8192;
    std::uint32_t rings = 8192;
    std::uint32_t subscriptions = 4096;
    std::uint32_t members = 32768;
    std::uint32_t schemas = 1024;
};

/// Of the whole segment.
std::size_t directory_bytes(DirectorySizes const& sizes) noexcept;

/// Writes head and tables into a segment that the kernel made zero; format_segment() goes before, publish_segment() after.
/// The caller fills what it knows: names, broker, queue and set. `segment` holds directory_bytes(sizes) at least.
DirectoryHead& format_directory(std::span<std::byte> segment, DirectorySizes const& sizes) noexcept;

}  // namespace bus::shm
