// What a campaign that stops a process at every instruction has seen: states, and the distinct (operation, instruction, phase) among them.
// Its report names, function by function, the instructions of the functions it came into that it never stopped at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "support/module_map.hpp"

namespace bus::test {

class Coverage {
public:
    /// `files`: how the names of the programs and libraries end whose instructions count as distinct: "/busd", "/libbus.so.0.1.0".
    /// What is executed elsewhere (memcpy, the kernel's clock) is a state, and no place.
    explicit Coverage(std::vector<std::string> files) : endings_(std::move(files)) {}

    /// A state: a process of `map` stands in front of the instruction at `address`, within `operation`; the ring is in that phase.
    void count(ModuleMap& map, std::string_view operation, std::string_view phase, std::uint64_t address);
    /// A state that has no instruction of its own: a death at a system call, say.
    void count(std::string_view operation) { ++operation_of(operation).states; }

    std::uint64_t states() const;
    /// Distinct (operation, instruction, phase).
    std::uint64_t distinct() const;
    std::uint64_t states(std::string_view operation) const;

    /// Lines to print: each operation with its counts, by phase too; then where it never stopped. `functions`: how many of these lines at
    /// most for an operation, 0: none, and no objdump.
    std::string report(std::size_t functions = 12) const;

private:
    struct Operation {
        std::uint64_t states = 0;
        std::map<std::string, std::uint8_t, std::less<>> phases;
        std::unordered_set<std::uint64_t> seen;  // file, phase, address: see key()
    };
    static std::uint64_t key(std::size_t file, std::uint8_t phase, std::uint64_t address) {
        return static_cast<std::uint64_t>(file) << 56 | std::uint64_t{phase} << 48 | address;
    }
    Operation& operation_of(std::string_view name);
    std::size_t file_of(std::string const& path);
    std::map<std::string, std::string> never_stopped_at(std::size_t functions) const;  // by operation

    std::vector<std::string> endings_;
    std::vector<std::string> files_;  // paths met, that count
    std::map<std::string, std::size_t, std::less<>> file_of_;
    std::map<std::string, Operation, std::less<>> operations_;
};

}  // namespace bus::test
