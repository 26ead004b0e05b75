// The campaigns over operations in memory. Each adds to the coverage and to the findings of the lab, and stops early where those are
// enough.
#pragma once

#include "lab.hpp"

namespace bus::test {

/// `rounds` publishes in each way and size of ring, a copy of the ring read after each instruction.
void walk_publishes(Lab& lab, int rounds);

}  // namespace bus::test
