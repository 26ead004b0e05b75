// Keys and cookies nobody can guess: what is not predictable can't be squatted on.
#pragma once

#include <sys/types.h>

#include <bus/error.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bus::sys {

/// Fills `bytes` from the kernel's random source. Errors: io.
Result<void> fill_random(std::span<std::byte> bytes);

/// A random key for msgget, shmget, semget: never IPC_PRIVATE (0), never -1.
Result<key_t> random_key();

/// 128 random bits, stored in the head of a segment and told by other means: who knows both knows that it is the same segment.
struct Cookie {
    std::uint64_t high = 0, low = 0;
    friend bool operator==(Cookie const&, Cookie const&) = default;
};

/// A random cookie; never all zero.
Result<Cookie> random_cookie();

}  // namespace bus::sys
