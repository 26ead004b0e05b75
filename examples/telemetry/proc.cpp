// Reads /proc: cpu, memory, load.
#include "proc.hpp"

#include <fstream>
#include <numeric>
#include <sstream>

namespace telemetry {

void Rates::begin() { before_ = std::exchange(now_, std::chrono::steady_clock::now()); }

double Rates::rate(std::string const& key, std::uint64_t counter) {
    auto const [at, first] = last_.try_emplace(key, counter);
    auto const last = std::exchange(at->second, counter);
    auto const seconds = std::chrono::duration<double>(now_ - before_).count();
    return first || counter < last || seconds <= 0 ? 0 : static_cast<double>(counter - last) / seconds;
}

CpuReader::Ticks CpuReader::since_last(std::string const& name, Ticks const& ticks) {
    auto const [at, first] = last_.try_emplace(name, ticks);
    auto const last = std::exchange(at->second, ticks);
    Ticks difference{};
    for (std::size_t i = 0; i < ticks.size() && !first; ++i) difference[i] = ticks[i] - std::min(ticks[i], last[i]);
    return difference;
}

Cpu CpuReader::read() {
    Cpu cpu;
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string name;
        words >> name;
        if (name == "ctxt") {
            std::uint64_t switches = 0;
            words >> switches;
            cpu.set_context_switches(switches);
        }
        if (!name.starts_with("cpu")) continue;
        Ticks ticks{};
        for (auto& tick : ticks) words >> tick;
        ticks = since_last(name, ticks);
        auto const all = std::accumulate(ticks.begin(), ticks.end(), std::uint64_t{0});
        auto const percent = [&](std::uint64_t part) {
            return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
        };
        auto const busy = percent(all - ticks[3] - ticks[4]);
        if (name == "cpu") {
            cpu.set_busy_percent(busy);
            cpu.set_user_percent(percent(ticks[0] + ticks[1]));
            cpu.set_system_percent(percent(ticks[2] + ticks[5] + ticks[6]));
            cpu.set_waiting_percent(percent(ticks[4]));
        } else {
            auto* core = cpu.add_cores();
            core->set_number(static_cast<std::uint32_t>(std::stoul(name.substr(3))));
            core->set_busy_percent(busy);
        }
    }
    return cpu;
}

Memory read_memory() {
    std::map<std::string, std::uint64_t> bytes;
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        auto const colon = line.find(':');
        if (colon == std::string::npos) continue;
        std::istringstream words(line.substr(colon + 1));
        std::uint64_t kilobytes = 0;
        if (words >> kilobytes) bytes[line.substr(0, colon)] = kilobytes * 1024;
    }
    Memory memory;
    memory.set_total_bytes(bytes["MemTotal"]);
    memory.set_free_bytes(bytes["MemFree"]);
    memory.set_available_bytes(bytes["MemAvailable"]);
    memory.set_cached_bytes(bytes["Cached"] + bytes["Buffers"]);
    memory.set_swap_total_bytes(bytes["SwapTotal"]);
    memory.set_swap_free_bytes(bytes["SwapFree"]);
    memory.set_shared_bytes(bytes["Shmem"]);
    return memory;
}

Load read_load() {
    double one = 0, five = 0, fifteen = 0, uptime = 0;
    std::ifstream("/proc/loadavg") >> one >> five >> fifteen;
    std::ifstream("/proc/uptime") >> uptime;
    Load load;
    load.set_one_minute(one);
    load.set_five_minutes(five);
    load.set_fifteen_minutes(fifteen);
    load.set_uptime_seconds(uptime);
    return load;
}

}  // namespace telemetry
