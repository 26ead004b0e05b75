// Numbers of sessions, topics, rings and subscriptions: never used twice on a bus, whoever serves it.
#pragma once

#include <cstdint>

namespace bus::broker {

/// Each generation counts in a range of its own: what an earlier busd gave out need not be remembered. Below 2^53 for two million
/// generations, so that they survive as numbers in JSON.
class Ids {
public:
    explicit Ids(std::uint64_t generation) : last_(generation << 32) {}
    std::uint64_t next() noexcept { return ++last_; }
    std::uint64_t last() const noexcept { return last_; }

private:
    std::uint64_t last_;
};

}  // namespace bus::broker
