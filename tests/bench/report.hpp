// Rounds of a measurement, and what is printed and written of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bus::bench {

/// One comparison: rounds of the floor and of ours, one after the other in the same run, so that both see the same machine.
struct Comparison {
    std::string name;
    std::string unit;                  // of the numbers: "ns one way", "ns a message"
    std::vector<double> floor_rounds;  // median of each round
    std::vector<double> our_rounds;
    std::vector<double> samples;  // ours, single ones, for the percentiles; empty: the rounds are

    double floor() const;
    double p50() const;
    double p99() const;
    /// Median of the rounds' ratios.
    double ratio() const;
};

double median(std::vector<double> values);
double percentile(std::vector<double> values, double part);

/// A table on stdout, and a JSON document at `path`.
void report(std::vector<Comparison> const& all, std::string const& path);

}  // namespace bus::bench
