// Reads /proc into typed messages. What is a rate there is the difference to the reading before.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "telemetry.pb.h"

namespace telemetry {

/// Counters since boot and when they were read; turns them into rates.
class Rates {
public:
    /// Units a second since the reading before of the same key; 0 the first time.
    double rate(std::string const& key, std::uint64_t counter);
    /// Takes the time of the readings that follow.
    void begin();

private:
    std::chrono::steady_clock::time_point now_{}, before_{};
    std::map<std::string, std::uint64_t> last_;
};

class CpuReader {
public:
    Cpu read();

private:
    using Ticks = std::array<std::uint64_t, 8>;  // user, nice, system, idle, iowait, irq, softirq, steal
    Ticks since_last(std::string const& name, Ticks const& ticks);
    std::map<std::string, Ticks> last_;
};

Memory read_memory();
Load read_load();

class DiskReader {
public:
    Disk read();

private:
    Rates rates_;
};

class NetworkReader {
public:
    Network read();

private:
    Rates rates_;
};

class ProcessReader {
public:
    Processes read();

private:
    std::map<int, std::uint64_t> last_ticks_;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace telemetry
