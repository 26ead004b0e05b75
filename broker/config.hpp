// What busd.toml can say, with what holds where it says nothing. A commented example: docs/busd.toml.
#pragma once

#include <bus/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shm/directory_format.hpp"

namespace bus::broker {

struct Limits {
    std::uint32_t sessions_per_user = 256;
    std::uint32_t unproven_users = 8;     // uids that were named in a Hello and have not attached yet
    std::uint32_t offers_per_user = 16;   // not taken yet
    std::uint32_t cursors = 1024;         // rings one session can read at once
    std::uint64_t arena_bytes = 4 << 20;  // rings share segments of that size
    std::uint64_t ring_bytes = std::uint64_t{1} << 34;
};

/// One [[allow]]: these users, members of these groups, or everybody may do this with names of these patterns.
struct Rule {
    std::vector<std::uint32_t> users, groups;  // both empty: everybody
    std::vector<std::string> publish, subscribe, reliable, operate;
    std::string place;  // "busd.toml, line 12", for errors

    bool everybody() const noexcept { return users.empty() && groups.empty(); }
};

struct Config {
    shm::DirectorySizes tables;  // laid out once, when the bus is made
    Limits limits;
    std::vector<Rule> rules;
};

/// Reads a file. Errors: not_found, not_permitted, io: the file; invalid: a line that can't be read, an unknown key, a number out of
/// range, a rule that no mode can say: with file and line.
Result<Config> load_config(std::string const& path);

}  // namespace bus::broker
