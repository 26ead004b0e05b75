// Which kill points of an operation are chosen, and what came of them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/kill_points.hpp"
#include "support/module_map.hpp"

namespace bus::test {

/// Of the instruction in busd or libbus where it stands: for calls and what the C library stores, where these were called.
std::string place_of(Stepper& stepper, KillPoint const& point);
std::string text_of(KillPoint const& point);

/// How much of it: every n-th point, from an offset; all with $BUS_STRESS. $BUS_STRESS_OFFSET gives the offset again.
struct Slice {
    std::size_t step, offset;
    static Slice from_environment();
};

class Tally {
public:
    explicit Tally(std::string operation) : operation_(std::move(operation)) {}

    /// A point of the run that was not interrupted. It has to be called while the process stands there.
    void found(Stepper& stepper, KillPoint const& point);
    /// Those to kill at. Of stores that one instruction makes again and again between two calls only some, which are ever further apart.
    std::vector<KillPoint> chosen(Slice slice) const;
    /// Before the kill.
    void kills(Stepper& stepper, KillPoint const& point);
    void kills_at_end() { ++kills_at_end_; }

    std::size_t kill_count() const { return kills_ + kills_at_end_; }
    /// One line with the counts, and one for each place of the run where nothing was killed, if it was to be killed everywhere.
    void print(Slice slice) const;

private:
    std::string operation_;
    std::vector<KillPoint> points_;
    std::set<std::string> places_, killed_;
    std::size_t kills_ = 0, kills_at_end_ = 0;
};

}  // namespace bus::test
