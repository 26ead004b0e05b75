// Descriptor sets: making one of a type, and building types out of one that anybody may have written.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <bus/error.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace bus::client {

// Far above what is sensible, low enough that no set can make the library use up stack or memory.
inline constexpr std::size_t kMaxSetBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxSetFiles = 1024;
inline constexpr std::size_t kMaxSetMessages = 4096;

/// The type's file and all it imports, each after its own imports: the same bytes for the same type. Errors: too_large.
Result<std::string> make_set(google::protobuf::Descriptor const& type);

/// Builds all files of the set. Errors: invalid: no set, a missing or circular import, what protobuf finds wrong; too_large.
Result<std::unique_ptr<google::protobuf::DescriptorPool>> build_set(std::span<std::byte const> bytes);

}  // namespace bus::client
