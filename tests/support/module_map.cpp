// /proc/PID/maps, and the program headers of the files named there.
#include "support/module_map.hpp"

#include <elf.h>

#include <fstream>
#include <sstream>

namespace bus::test {

namespace {

/// What is to be added to an offset in an ELF file to get the address its symbols have. Returns: 0 where the file says nothing of it.
std::uint64_t address_minus_offset(std::string const& path, std::uint64_t offset) {
    std::ifstream file(path, std::ios::binary);
    Elf64_Ehdr head{};
    file.read(reinterpret_cast<char*>(&head), sizeof head);
    for (unsigned index = 0; file && index < head.e_phnum; ++index) {
        Elf64_Phdr part{};
        file.seekg(static_cast<std::streamoff>(head.e_phoff + index * sizeof part));
        file.read(reinterpret_cast<char*>(&part), sizeof part);
        bool const covers = offset + 4096 > part.p_offset && offset < part.p_offset + part.p_filesz;  // mapped by whole pages
        if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 && covers) return part.p_vaddr - part.p_offset;
    }
    return 0;
}

}  // namespace

void ModuleMap::read() {
    ranges_.clear();
    last_ = 0;
    std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        char dash = 0;
        std::uint64_t begin = 0, end = 0, offset = 0;
        std::string rights, device, inode, file;
        words >> std::hex >> begin >> dash >> end >> rights >> offset >> device >> inode >> file;
        if (rights.size() < 3 || rights[2] != 'x') continue;
        bool const is_file = file.starts_with('/');
        std::uint64_t const shift = is_file ? begin - offset - address_minus_offset(file, offset) : 0;
        ranges_.push_back({begin, end, shift, is_file ? file : std::string()});
    }
}

ModuleMap::Range const* ModuleMap::range_of(std::uint64_t address) const {
    auto const covers = [&](Range const& range) { return address >= range.begin && address < range.end; };
    if (last_ < ranges_.size() && covers(ranges_[last_])) return &ranges_[last_];
    for (auto const& range : ranges_)
        if (covers(range)) return &range;
    return nullptr;
}

std::optional<CodePlace> ModuleMap::find(std::uint64_t address) {
    if (range_of(address) == nullptr) read();
    return find_known(address);
}

std::optional<CodePlace> ModuleMap::find_known(std::uint64_t address) {
    auto const* const range = range_of(address);
    if (range == nullptr) return std::nullopt;
    last_ = static_cast<std::size_t>(range - ranges_.data());
    if (range->file.empty()) return std::nullopt;
    return CodePlace{&range->file, address - range->shift};
}

}  // namespace bus::test
