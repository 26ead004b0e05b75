// Messages: a window of a fixed pool of random bytes, behind a mark that only this number of this publisher has.
#include "churn_message.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

namespace bus::test::churn {

namespace {

constexpr std::size_t kPoolBytes = 1 << 16;
constexpr std::size_t kMostBytes = 1 << 14;

std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

std::byte const* pool() {
    static auto const bytes = [] {
        std::array<std::byte, kPoolBytes + kMostBytes> made{};
        std::mt19937_64 random(20'26);
        for (auto& byte : made) byte = static_cast<std::byte>(random());
        return made;
    }();
    return bytes.data();
}

struct Mark {
    std::uint64_t dropped, own;
};

}  // namespace

std::size_t bytes_of(PublisherRecord::Plan const& plan, std::uint64_t sequence) {
    auto const most = std::min<std::size_t>(plan.most_bytes, kMostBytes);
    auto const bytes = mixed(plan.seed + sequence) % (most + 1);
    return plan.drops ? std::max(bytes, sizeof(Mark)) : bytes;
}

void fill(PublisherRecord::Plan const& plan, std::uint64_t sequence, std::uint64_t dropped, std::span<std::byte> to) {
    auto const own = mixed(plan.seed ^ mixed(sequence));
    if (to.empty()) return;
    std::memcpy(to.data(), pool() + own % kPoolBytes, to.size());
    Mark const mark{dropped, own};
    if (to.size() >= sizeof mark) std::memcpy(to.data(), &mark, sizeof mark);
}

bool is_whole(PublisherRecord::Plan const& plan, std::uint64_t sequence, std::span<std::byte const> message, std::uint64_t& dropped) {
    auto const own = mixed(plan.seed ^ mixed(sequence));
    if (message.size() != bytes_of(plan, sequence)) return false;
    if (message.empty()) return true;
    auto const* const expected = pool() + own % kPoolBytes;
    Mark mark{};
    if (message.size() < sizeof mark) return std::memcmp(message.data(), expected, message.size()) == 0;
    std::memcpy(&mark, message.data(), sizeof mark);
    dropped = mark.dropped;
    auto const rest = message.subspan(sizeof mark);
    return mark.own == own && std::memcmp(rest.data(), expected + sizeof mark, rest.size()) == 0;
}

}  // namespace bus::test::churn
