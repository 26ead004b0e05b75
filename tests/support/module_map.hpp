// Which program or library an address of a running process lies in, and where in its file: what /proc/PID/maps tells.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bus::test {

/// An instruction as the file has it: the same in every process, wherever the file was loaded.
struct CodePlace {
    std::string const* file = nullptr;  // path; kept as long as the ModuleMap
    std::uint64_t address = 0;          // as the file's symbols and objdump count
};

class ModuleMap {
public:
    explicit ModuleMap(pid_t pid) : pid_(pid) {}

    /// Reads the maps anew where it does not know the address: the process may have loaded something meanwhile. Returns: none for code
    /// that lies in no file ([vdso]), or nowhere.
    std::optional<CodePlace> find(std::uint64_t address);

    /// The same without reading anew: for what may be an address, or not.
    std::optional<CodePlace> find_known(std::uint64_t address);

private:
    struct Range {
        std::uint64_t begin, end, shift;  // address in the file = address - shift
        std::string file;                 // empty: none
    };
    Range const* range_of(std::uint64_t address) const;
    void read();

    pid_t pid_;
    std::vector<Range> ranges_;
    std::size_t last_ = 0;
};

}  // namespace bus::test
