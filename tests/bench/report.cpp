// Medians, percentiles, a table, build/bench.json.
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

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

void print_head() {
    std::printf("%-24s %6s %6s  %-6s %10s %10s %10s %6s  %s\n", "name", "ratio", "limit", "", "floor", "p50", "p99", "rounds", "unit");
}

void print(Comparison const& one) {
    std::string limit = "-";
    char const* verdict = "";
    if (one.limit > 0) {
        char text[16];
        std::snprintf(text, sizeof text, "%.2f", one.limit);
        limit = text;
        verdict = one.ratio() <= one.limit ? "met" : "MISSED";
    }
    std::printf("%-24s %6.2f %6s  %-6s %10.1f %10.1f %10.1f %6zu  %s%s%s\n", one.name.c_str(), one.ratio(), limit.c_str(), verdict,
                one.floor(), one.p50(), one.p99(), one.our_rounds.size(), one.unit.c_str(), one.note.empty() ? "" : "; ", one.note.c_str());
    std::fflush(stdout);
}

void write_json(std::vector<Comparison> const& all, std::string const& path) {
    auto document = nlohmann::ordered_json::array();
    for (auto const& one : all)
        document.push_back({{"name", one.name},
                            {"ratio", one.ratio()},
                            {"limit", one.limit},
                            {"floor", one.floor()},
                            {"p50", one.p50()},
                            {"p99", one.p99()},
                            {"rounds", one.our_rounds.size()},
                            {"unit", one.unit},
                            {"note", one.note}});
    std::ofstream file(path);
    file << document.dump(2) << "\n";
    if (!file.flush()) std::fprintf(stderr, "%s can't be written\n", path.c_str());
}

}  // namespace bus::bench
