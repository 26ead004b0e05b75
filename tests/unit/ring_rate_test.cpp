// The rate of a ring by the stamps in it.
#include "client/ring_rate.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "shm/ring_format.hpp"
#include "shm/ring_writer.hpp"

namespace bus::client {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kBootNs = 1000 * kSecondNs;  // any time will do
constexpr std::size_t kCapacity = 64 * 1024;
constexpr std::size_t kPayload = 100;

/// A ring in our own memory, read by nobody who is waited for.
class Ring {
public:
    Ring() {
        auto const bytes = shm::kPage + shm::ring_extent_bytes(kCapacity);
        memory_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t(shm::kPage))));
        std::fill_n(memory_.get(), bytes, std::byte{0});
        arena_ = {memory_.get(), bytes};
        shm::RingSpec const spec{.ring_id = 7, .session_id = 1, .capacity = kCapacity, .topic = "t", .type = ""};
        shm::format_ring(arena_, shm::kPage, spec).value();
        ring_ = shm::open_ring(arena_, shm::kPage, 7).value();
        writer_ = shm::RingWriter<>(ring_);
    }
    void write(std::uint64_t sent_ns) {
        while (writer_.try_reserve(kPayload) == nullptr) writer_.refresh_limit([](std::uint64_t tail) { return tail; });
        writer_.commit(kPayload, {.steady_ns = sent_ns, .wall_ns = 1});
    }
    shm::RingView view() const { return ring_.view(); }

private:
    struct Free {
        void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t(shm::kPage)); }
    };
    std::unique_ptr<std::byte, Free> memory_;
    std::span<std::byte> arena_;
    shm::WritableRing ring_;
    shm::RingWriter<> writer_;
};

TEST(RingRate, IsZeroWhereNothingWasPublished) {
    Ring const ring;
    EXPECT_EQ(rate_of(ring.view(), kBootNs).messages, 0);
}

TEST(RingRate, IsThatOfTheLastSecondsAtASteadyPace) {
    Ring ring;
    for (std::uint64_t i = 1; i <= 200; ++i) ring.write(kBootNs + i * kSecondNs / 10);
    auto const rate = rate_of(ring.view(), kBootNs + 20 * kSecondNs);
    EXPECT_NEAR(rate.messages, 10, 0.3);
    EXPECT_NEAR(rate.bytes, 10 * static_cast<double>(shm::record_bytes(kPayload, 0)), 100);
}

TEST(RingRate, FallsToZeroWhenThePublisherIsSilent) {
    Ring ring;
    for (std::uint64_t i = 1; i <= 50; ++i) ring.write(kBootNs + i * kSecondNs / 10);
    EXPECT_EQ(rate_of(ring.view(), kBootNs + 60 * kSecondNs).messages, 0);
}

TEST(RingRate, TakesAYoungPublisherForOneOfASecondAtLeast) {
    Ring ring;
    for (int i = 0; i < 5; ++i) ring.write(kBootNs);
    EXPECT_EQ(rate_of(ring.view(), kBootNs + 1000).messages, 5);
}

TEST(RingRate, ReachesBackAsFarAsAQuickRingDoes) {
    Ring ring;
    for (std::uint64_t i = 1; i <= 100'000; ++i) ring.write(kBootNs + i * 10'000);  // 100,000 a second; the ring holds some hundreds
    EXPECT_NEAR(rate_of(ring.view(), kBootNs + kSecondNs).messages, 100'000, 5'000);
}

TEST(RingRate, IsNotKnownWithoutStamps) {
    Ring ring;
    for (int i = 0; i < 50; ++i) ring.write(0);
    EXPECT_EQ(rate_of(ring.view(), kBootNs).messages, 0);
}

}  // namespace
}  // namespace bus::client
