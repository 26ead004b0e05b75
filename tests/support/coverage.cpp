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

/// The gaps of one operation in one file, function by function as objdump comes to them.
class Gaps {
public:
    explicit Gaps(std::set<std::uint64_t> seen) : seen_(std::move(seen)) {}

    void add(CodeFunction const& function) {
        Gap gap;
        gap.name = without_parameters(function.base());
        for (auto const address : function.instructions) {
            ++gap.instructions;
            if (seen_.contains(address)) continue;
            ++gap.never;
            if (gap.first.size() < 4) gap.first.push_back(address);
        }
        if (gap.never != gap.instructions)
            entered_[function.base()] = gap;
        else if (function.is_cold())
            cold_[function.base()] += gap.instructions;
    }
    std::vector<Gap> all() const {
        std::vector<Gap> gaps;
        for (auto [name, gap] : entered_) {
            if (auto const found = cold_.find(name); found != cold_.end()) gap.cold_never = found->second;
            gaps.push_back(gap);
        }
        return gaps;
    }

private:
    std::set<std::uint64_t> seen_;
    std::map<std::string, Gap> entered_;
    std::map<std::string, std::size_t> cold_;  // by the function they belong to, which may come later
};

std::string text_of(std::vector<Gap> gaps, std::size_t functions) {
    std::ostringstream out;
    std::size_t instructions = 0, never = 0, cold = 0;
    for (auto const& gap : gaps) {
        instructions += gap.instructions;
        never += gap.never;
        cold += gap.cold_never;
    }
    out << "    " << gaps.size() << " functions with " << instructions << " instructions, never stopped at " << never << " of them, and "
        << cold << " more in their cold parts\n";
    std::ranges::sort(gaps, std::greater(), &Gap::never);
    for (std::size_t i = 0; i < gaps.size() && i < functions && gaps[i].never != 0; ++i) {
        auto const& gap = gaps[i];
        out << "      " << gap.name << ": " << gap.never << " of " << gap.instructions << " never" << std::hex;
        for (auto const address : gap.first) out << " " << address;
        out << std::dec << (gap.never > gap.first.size() ? " ..." : "") << "\n";
    }
    return out.str();
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

std::map<std::string, std::string> Coverage::never_stopped_at(std::size_t functions) const {
    std::map<std::string, std::string> texts;
    for (std::size_t file = 0; file < files_.size(); ++file) {
        std::map<std::string, Gaps> gaps;
        for (auto const& [name, operation] : operations_) {
            std::set<std::uint64_t> seen;
            for (auto const key : operation.seen)
                if (key >> 56 == file) seen.insert(key & kAddress);
            if (!seen.empty()) gaps.emplace(name, std::move(seen));
        }
        bool const read = for_each_function(files_[file], [&](CodeFunction const& function) {
            for (auto& [_, of_operation] : gaps) of_operation.add(function);
        });
        for (auto const& [name, of_operation] : gaps)
            texts[name] += read ? text_of(of_operation.all(), functions)
                                : "    never stopped at: not known, objdump does not read " + files_[file] + "\n";
    }
    return texts;
}

std::string Coverage::report(std::size_t functions) const {
    std::ostringstream out;
    auto const gaps = functions == 0 ? std::map<std::string, std::string>() : never_stopped_at(functions);
    for (auto const& [name, operation] : operations_) {
        out << "  " << name << ": " << operation.states << " states, " << operation.seen.size() << " distinct (address, phase):";
        for (auto const& [phase, number] : operation.phases)
            out << " " << phase << " " << std::ranges::count_if(operation.seen, [&](auto key) { return (key >> 48 & 0xff) == number; })
                << ";";
        out << "\n";
        if (auto const found = gaps.find(name); found != gaps.end()) out << found->second;
    }
    out << "  in all: " << states() << " states, " << distinct() << " distinct (operation, address, phase)\n";
    return out.str();
}

}  // namespace bus::test
