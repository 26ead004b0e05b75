// Origin as it travels in a record's extension.
#pragma once

#include <bus/options.hpp>
#include <cstddef>
#include <optional>
#include <span>

#include "shm/origin_layout.hpp"

namespace bus::client {

/// Bytes of the extension; 0 without an origin. A host's name is cut at shm::kMaxHostBytes.
std::uint16_t extension_bytes_of(PublishOptions const* options) noexcept;
void write_origin(std::byte* to, Origin const& origin) noexcept;
/// Nothing where the bytes are no origin.
std::optional<Origin> read_origin(std::span<std::byte const> extension);

}  // namespace bus::client
