// What a request made.
#pragma once

#include <cstdint>

namespace bus::broker {

/// The entry's index and id; zero where it makes nothing.
struct Made {
    std::uint32_t index = 0;
    std::uint64_t id = 0;
};

}  // namespace bus::broker
