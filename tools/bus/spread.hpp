// Mean, extremes and deviation of numbers, of which none is kept.
#pragma once

#include <cstdint>

#include "json_writer.hpp"

namespace bus::tool {

struct Spread {
    std::uint64_t count = 0;
    double mean = 0, min = 0, max = 0;  // 0 where nothing was added
    double sum_of_squares = 0;          // of differences from the mean, as Welford does it

    void add(double value);
    double deviation() const;
};

/// "mean", "min", "max", "deviation": into the object that is open.
void add_spread(JsonWriter& json, Spread const& spread);

}  // namespace bus::tool
