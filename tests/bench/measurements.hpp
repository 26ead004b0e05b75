// The measurements of ./dev bench, each in the file of its subject. What each row means and how far it may be: docs/benchmarks.md.
#pragma once

#include <bus/time.hpp>
#include <cstddef>
#include <string>

#include "report.hpp"

namespace bus::bench {

struct Settings {
    int rounds = 15;
    Duration idle = std::chrono::seconds(30);
};

// latency.cpp
Comparison polling_latency(Settings const& settings, std::size_t bytes, double limit);
Comparison typed_latency(Settings const& settings, double limit);
Comparison sleeping_latency(Settings const& settings, double limit);

// throughput.cpp
Comparison throughput(Settings const& settings, std::string const& name, std::size_t bytes, bool stamped, double limit);

// fan_out.cpp
Comparison fan_out(Settings const& settings, double limit);

// waking.cpp
Comparison waking(Settings const& settings);

// idle.cpp
Comparison idle_switches(Settings const& settings, double limit);
Comparison idle_memory(Settings const& settings, double limit);

}  // namespace bus::bench
