// Adaptive spinning.
#include "client/spin.hpp"

#include <algorithm>

#include "sys/process.hpp"

namespace bus::client {

namespace {
constexpr std::uint32_t kFullTrust = 8;
constexpr std::uint32_t kTryAgain = 32;
}  // namespace

Spin::Spin(std::optional<Duration> fixed) noexcept : fixed_(fixed) {
    if (!fixed_ && sys::usable_cpus() < 2) fixed_ = Duration::zero();
}

Duration Spin::limit() noexcept {
    if (fixed_) return std::max(*fixed_, Duration::zero());
    if (trust_ == 0 && ++waits_ % kTryAgain != 0) return Duration::zero();
    return kLongest * std::max<std::uint32_t>(trust_, 1) / kFullTrust;
}

void Spin::tell(bool found) noexcept {
    if (found)
        trust_ = std::min(trust_ + 2, kFullTrust);
    else if (trust_ > 0)
        --trust_;
}

}  // namespace bus::client
