// Counting, and the comparison with what objdump says there is.
#include "support/coverage.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "support/machine_code.hpp"

namespace bus::test {

namespace {

constexpr std::size_t kNoFile = ~std::size_t{0};
constexpr std::uint64_t kAddress = (std::uint64_t{1} << 48) - 1;

/// A function an operation came into: the name without its parameters, what is there, what was never seen.
struct Gap {
    std::string name;
    std::size_t instructions = 0, never = 0, cold_never = 0;
    std::vector<std::uint64_t> first;  // a few of those never seen
};

std::string without_parameters(std::string name) {
    std::string const unnamed = "(anonymous namespace)::";
    for (auto at = name.find(unnamed); at != std::string::npos; at = name.find(unnamed)) name.erase(at, unnamed.size());
    return name.substr(0, name.find('('));
}

/// All gaps of one file. Returns: false where the file could not be disassembled.
bool add_gaps(std::string const& file, std::set<std::uint64_t> const& seen, std::vector<Gap>& gaps) {
    std::map<std::string, Gap> entered;
    std::map<std::string, std::size_t> cold;  // by the function they belong to, which may come later
    bool const read = for_each_function(file, [&](CodeFunction const& function) {
        Gap gap;
        gap.name = without_parameters(function.base());
        for (auto const address : function.instructions) {
            ++gap.instructions;
            if (seen.contains(address)) continue;
            ++gap.never;
            if (gap.first.size() < 4) gap.first.push_back(address);
        }
        if (gap.never == gap.instructions) {
            if (function.is_cold()) cold[function.base()] += gap.instructions;
        } else {
            entered[function.base()] = gap;
        }
    });
    for (auto& [name, gap] : entered) {
        if (auto const found = cold.find(name); found != cold.end()) gap.cold_never = found->second;
        gaps.push_back(gap);
    }
    return read;
}

}  // namespace

Coverage::Operation& Coverage::operation_of(std::string_view name) {
    auto const found = operations_.find(name);
    return found != operations_.end() ? found->second : operations_[std::string(name)];
}

std::size_t Coverage::file_of(std::string const& path) {
    if (auto const known = file_of_.find(path); known != file_of_.end()) return known->second;
    bool const counts = std::ranges::any_of(endings_, [&](auto const& ending) { return path.ends_with(ending); });
    if (counts) files_.push_back(path);
    return file_of_[path] = counts ? files_.size() - 1 : kNoFile;
}

void Coverage::count(ModuleMap& map, std::string_view operation_name, std::string_view phase, std::uint64_t address) {
    auto& operation = operation_of(operation_name);
    ++operation.states;
    auto const place = map.find(address);
    auto const file = place ? file_of(*place->file) : kNoFile;
    if (file == kNoFile) return;
    auto found = operation.phases.find(phase);
    if (found == operation.phases.end()) found = operation.phases.emplace(phase, static_cast<std::uint8_t>(operation.phases.size())).first;
    operation.seen.insert(key(file, found->second, place->address));
}

std::uint64_t Coverage::states() const {
    std::uint64_t sum = 0;
    for (auto const& [_, operation] : operations_) sum += operation.states;
    return sum;
}

std::uint64_t Coverage::distinct() const {
    std::uint64_t sum = 0;
    for (auto const& [_, operation] : operations_) sum += operation.seen.size();
    return sum;
}

std::uint64_t Coverage::states(std::string_view operation) const {
    auto const found = operations_.find(operation);
    return found == operations_.end() ? 0 : found->second.states;
}

std::string Coverage::never_stopped_at(Operation const& operation, std::size_t functions) const {
    std::vector<Gap> gaps;
    std::ostringstream out;
    for (std::size_t file = 0; file < files_.size(); ++file) {
        std::set<std::uint64_t> seen;
        for (auto const key : operation.seen)
            if (key >> 56 == file) seen.insert(key & kAddress);
        if (!seen.empty() && !add_gaps(files_[file], seen, gaps))
            out << "    never stopped at: not known, objdump does not read " << files_[file] << "\n";
    }
    std::size_t instructions = 0, never = 0, cold = 0;
    for (auto const& gap : gaps) {
        instructions += gap.instructions;
        never += gap.never;
        cold += gap.cold_never;
    }
    if (!gaps.empty())
        out << "    " << gaps.size() << " functions with " << instructions << " instructions, never stopped at " << never
            << " of them, and " << cold << " more in their cold parts\n";
    std::ranges::sort(gaps, std::greater(), &Gap::never);
    for (std::size_t i = 0; i < gaps.size() && i < functions && gaps[i].never != 0; ++i) {
        auto const& gap = gaps[i];
        out << "      " << gap.name << ": " << gap.never << " of " << gap.instructions << " never" << std::hex;
        for (auto const address : gap.first) out << " " << address;
        out << std::dec << (gap.never > gap.first.size() ? " ..." : "") << "\n";
    }
    return out.str();
}

std::string Coverage::report(std::size_t functions) const {
    std::ostringstream out;
    for (auto const& [name, operation] : operations_) {
        out << "  " << name << ": " << operation.states << " states, " << operation.seen.size() << " distinct (address, phase)";
        for (auto const& [phase, number] : operation.phases) {
            auto const of_phase = std::ranges::count_if(operation.seen, [&](auto key) { return (key >> 48 & 0xff) == number; });
            out << (number == 0 && operation.phases.size() == 1 ? "; " : ", ") << phase << " " << of_phase;
        }
        out << "\n";
        if (functions != 0) out << never_stopped_at(operation, functions);
    }
    out << "  in all: " << states() << " states, " << distinct() << " distinct (operation, address, phase)\n";
    return out.str();
}

}  // namespace bus::test
