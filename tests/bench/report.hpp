// Rounds of a measurement, and what is printed and written of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bus::bench {

/// One comparison: rounds of the floor and of ours, one after the other in the same run, so that both see the same machine.
struct Comparison {
    std::string name;
    std::string unit;                    // of the numbers: "ns one way", "ns a message"
    double limit = 0;                    // what the ratio may be; 0: nobody has said
    std::vector<double> floor_rounds{};  // median of each round
    std::vector<double> our_rounds{};
    std::vector<double> samples{};  // ours, single ones, for the percentiles; empty: the rounds are
    std::string note{};             // what else was counted

    double floor() const;
    double p50() const;
    double p99() const;
    /// Median of the rounds' ratios.
    double ratio() const;
};

double median(std::vector<double> values);
double percentile(std::vector<double> values, double part);

/// A line of the table on stdout, as soon as it is known.
void print_head();
void print(Comparison const& one);
/// A JSON document of all of them at `path`.
void write_json(std::vector<Comparison> const& all, std::string const& path);

}  // namespace bus::bench
