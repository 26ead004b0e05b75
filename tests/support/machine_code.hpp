// The instructions of a program or library, function by function, as objdump(1) finds them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bus::test {

struct CodeFunction {
    std::string name;                         // demangled; what the compiler moved out of it has its own, with " [clone .cold]"
    std::vector<std::uint64_t> instructions;  // addresses, ascending; without the compiler's filling
    bool is_cold() const { return name.find("[clone .cold") != std::string::npos; }
    /// Without what it is a clone of.
    std::string base() const { return name.substr(0, name.find(" [clone")); }
};

/// Calls each(function) for every function of the file. Returns: false where there is no objdump, or it could not read the file.
bool for_each_function(std::string const& file, std::function<void(CodeFunction const& function)> const& each);

}  // namespace bus::test
