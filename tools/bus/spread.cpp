// Numbers summed up one by one.
#include "spread.hpp"

#include <algorithm>
#include <cmath>

namespace bus::tool {

void Spread::add(double value) {
    min = count == 0 ? value : std::min(min, value);
    max = count == 0 ? value : std::max(max, value);
    count += 1;
    auto const before = value - mean;
    mean += before / static_cast<double>(count);
    sum_of_squares += before * (value - mean);
}

double Spread::deviation() const { return count == 0 ? 0 : std::sqrt(sum_of_squares / static_cast<double>(count)); }

void add_spread(JsonWriter& json, Spread const& spread) {
    json.member("mean", spread.mean).member("min", spread.min).member("max", spread.max).member("deviation", spread.deviation());
}

}  // namespace bus::tool
