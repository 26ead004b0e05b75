// Names and patterns: what may be a name, and which names a pattern means.
//
// A name is a path: `robot/arm-1/pose`. Its parts are letters, digits, `-`, `_`, `.`; there is no empty part. Names whose first part is
// `$bus` are the bus's own: anybody may read them, only busd publishes them. In a pattern a whole part may be `*` (any one part) or `**`
// (any number of parts, none too); neither means the part `$bus`, so that `**` is everything users publish.
#pragma once

#include <bus/error.hpp>
#include <cstddef>
#include <string_view>

namespace bus {

inline constexpr std::size_t kMaxNameBytes = 255;    // topics, queues, services, patterns, types
inline constexpr std::size_t kMaxBusNameBytes = 64;  // a bus
inline constexpr std::string_view kReservedPrefix = "$bus/";

/// Whether names that begin with `$bus/` pass.
enum class Reserved { refuse, allow };

/// Whether `name` can be the name of a topic, queue or service. Errors: invalid: names the place and what is wrong there.
[[nodiscard]] Result<void> check_name(std::string_view name, Reserved reserved = Reserved::refuse);

/// Whether `pattern` is a name, or one with `*` and `**` in it; `$bus/` is allowed. Errors: invalid.
[[nodiscard]] Result<void> check_pattern(std::string_view pattern);

/// Whether `name` can be the name of a bus: one part of at most 64 bytes, neither `.` nor `..`. Errors: invalid.
[[nodiscard]] Result<void> check_bus_name(std::string_view name);

/// Whether there is a `*` in it: it may mean several topics.
bool is_pattern(std::string_view text) noexcept;

/// Whether it is one of the bus's own.
bool is_reserved(std::string_view name) noexcept;

/// Whether the checked `pattern` means the checked `name`. Allocates nothing; the time grows with the product of the lengths at worst.
bool matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace bus
