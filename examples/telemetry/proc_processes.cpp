// Reads /proc: the processes, and which of them are busiest.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "proc.hpp"

namespace telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBusiest = 10;

struct Stat {
    int pid = 0;
    std::string name;
    char state = '?';
    std::uint64_t ticks = 0;
    std::uint64_t resident_bytes = 0;
};

/// /proc/PID/stat; the name stands in brackets and may hold anything, brackets too. False: the process has gone.
bool read_stat(fs::path const& folder, Stat& stat) {
    std::ifstream file(folder / "stat");
    std::string line;
    if (!std::getline(file, line)) return false;
    auto const open = line.find('('), close = line.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) return false;
    stat.name = line.substr(open + 1, close - open - 1);
    std::istringstream words(line.substr(close + 1));
    std::string skipped;
    std::uint64_t user = 0, system = 0, pages = 0;
    words >> stat.state;  // field 3
    for (int field = 4; field < 14; ++field) words >> skipped;
    words >> user >> system;  // 14, 15
    for (int field = 16; field < 24; ++field) words >> skipped;
    words >> pages;  // 24
    stat.ticks = user + system;
    stat.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return static_cast<bool>(words);
}

std::vector<Stat> all_processes() {
    std::vector<Stat> processes;
    std::error_code error;
    for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
        auto const name = at->path().filename().string();
        if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
        Stat stat;
        stat.pid = std::stoi(name);
        if (read_stat(at->path(), stat)) processes.push_back(std::move(stat));
    }
    return processes;
}

}  // namespace

Processes ProcessReader::read() {
    auto const stats = all_processes();
    auto const now = std::chrono::steady_clock::now();
    auto const seconds = std::chrono::duration<double>(now - std::exchange(last_, now)).count();
    auto const hertz = static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::map<int, std::uint64_t> ticks;
    Processes processes;
    std::vector<Processes::Process> all;
    for (auto const& stat : stats) {
        ticks[stat.pid] = stat.ticks;
        if (stat.state == 'R') processes.set_running(processes.running() + 1);
        auto const before = last_ticks_.find(stat.pid);
        auto const used = before == last_ticks_.end() || stat.ticks < before->second ? 0 : stat.ticks - before->second;
        auto& process = all.emplace_back();
        process.set_pid(stat.pid);
        process.set_name(stat.name);
        process.set_cpu_percent(seconds > 0 ? 100 * static_cast<double>(used) / hertz / seconds : 0);
        process.set_resident_bytes(stat.resident_bytes);
    }
    last_ticks_ = std::move(ticks);
    processes.set_count(static_cast<std::uint32_t>(all.size()));
    auto const shown = std::min(kBusiest, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(), [](auto const& a, auto const& b) {
        return std::pair(a.cpu_percent(), a.resident_bytes()) > std::pair(b.cpu_percent(), b.resident_bytes());
    });
    for (std::size_t i = 0; i < shown; ++i) *processes.add_busiest() = all[i];
    return processes;
}

}  // namespace telemetry
