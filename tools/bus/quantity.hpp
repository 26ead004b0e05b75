// Times and sizes as people write them: `500ms`, `1m30s`, `2` (seconds); `64K`, `6M`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <bus/error.hpp>

namespace bus::tool {

/// Errors: invalid  not a time, below zero, or beyond what 64 bits of nanoseconds hold
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// K, M, G are powers of 1024. Errors: invalid  not a size, or beyond 64 bits
Result<std::uint64_t> parse_bytes(std::string_view text);

/// Short, for people: "1.5 s", "250 ms", "12 us".
std::string show_duration(std::chrono::nanoseconds duration);
/// "64 KiB", "1.5 MiB", "17 B".
std::string show_bytes(double bytes);
/// Three digits that matter: "9.98", "1234", "0".
std::string show_rate(double rate);

}  // namespace bus::tool
