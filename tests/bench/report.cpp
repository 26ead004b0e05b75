// Medians, percentiles, a table, build/bench.json.
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace bus::bench {

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    auto const at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

double Comparison::floor() const { return median(floor_rounds); }
double Comparison::p50() const { return median(samples.empty() ? our_rounds : samples); }
double Comparison::p99() const { return percentile(samples.empty() ? our_rounds : samples, 0.99); }

double Comparison::ratio() const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(our_rounds.size(), floor_rounds.size()); ++i) ratios.push_back(our_rounds[i] / floor_rounds[i]);
    return median(std::move(ratios));
}

void report(std::vector<Comparison> const& all, std::string const& path) {
    std::printf("%-28s %7s %10s %10s %10s %7s  %s\n", "name", "ratio", "floor", "p50", "p99", "rounds", "unit");
    std::ofstream json(path);
    json << "[";
    char const* separator = "\n";
    for (auto const& one : all) {
        std::printf("%-28s %7.2f %10.1f %10.1f %10.1f %7zu  %s\n", one.name.c_str(), one.ratio(), one.floor(), one.p50(), one.p99(),
                    one.our_rounds.size(), one.unit.c_str());
        char line[512];
        std::snprintf(line, sizeof line,
                      R"(  {"name": "%s", "ratio": %.3f, "floor": %.1f, "p50": %.1f, "p99": %.1f, "rounds": %zu, "unit": "%s"})",
                      one.name.c_str(), one.ratio(), one.floor(), one.p50(), one.p99(), one.our_rounds.size(), one.unit.c_str());
        json << separator << line;
        separator = ",\n";
    }
    json << "\n]\n";
    if (!json) std::fprintf(stderr, "%s can't be written\n", path.c_str());
}

}  // namespace bus::bench
