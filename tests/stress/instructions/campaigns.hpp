// The campaigns over operations in memory. Each adds to the coverage and to the findings of the lab, and stops early where those are
// enough.
#pragma once

#include "lab.hpp"

namespace bus::test {

/// Publishes in each way and each size of ring, so many in each phase of the ring, a copy of the ring read after each instruction.
void walk_publishes(Lab& lab, int of_each_phase);

}  // namespace bus::test
