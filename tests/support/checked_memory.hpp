// Memory policies for tests with ThreadSanitizer: payloads written and read in place by plain code, everything else as CheckedMemory does
// it. Nobody may lap the writer then; a missing order between commit and reading is a race that TSan sees, also on x86, which hides it.
#pragma once

#include "shm/memory.hpp"

namespace bus::test {

struct InPlaceCheckedMemory : shm::CheckedMemory {
    static constexpr bool kInPlace = true;
};

/// The fault to be found: the commit orders nothing.
struct WeakCommitMemory : InPlaceCheckedMemory {
    static constexpr std::memory_order kCommit = std::memory_order_relaxed;
};

}  // namespace bus::test
