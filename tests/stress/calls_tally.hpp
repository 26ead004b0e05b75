// Which kill points of an operation are chosen, and what came of them.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/kill_points.hpp"

namespace bus::test {

/// Where a process is to be killed.
struct Target {
    std::optional<KillPoint> point = {};
    std::string place = {};  // the first point there, whichever it is
};

/// Of one operation. With $BUS_STRESS it is killed at all points, else at one in seven, and at few more than a dozen, from an offset that
/// is printed, and can be given: $BUS_STRESS_OFFSET.
class Tally {
public:
    explicit Tally(std::string operation) : operation_(std::move(operation)) {}
    /// Prints a line with the counts and, where it was to be killed everywhere, one for each place of the run where it was not.
    ~Tally();
    Tally(Tally const&) = delete;

    /// Calls round(target) for a run that nobody disturbs (none), for each point chosen of it, and again for places of it that were not met
    /// for all that, as no run is like another. Ends with the first failure of the test.
    void each_target(std::function<void(Target const* target)> const& round);
    /// In such a round: lets the process go to its target, where it is to be killed. Returns: where that is, in words.
    std::string walk(Stepper& stepper, KillPoints& points, Target const* target, long end_mark = -1);

private:
    std::optional<KillPoint> go(Stepper& stepper, KillPoints& points, Target const* target, long end_mark);
    std::vector<KillPoint> distinct_points() const;
    std::vector<Target> chosen();
    std::vector<std::string> missed() const;

    std::string operation_;
    std::vector<KillPoint> points_;
    std::set<std::string> places_, killed_;
    std::size_t step_ = 1, offset_ = 0;
    std::size_t kills_ = 0, kills_at_end_ = 0;
};

}  // namespace bus::test
