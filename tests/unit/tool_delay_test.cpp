// What `topic delay` counts.
#include <gtest/gtest.h>

#include "delay_window.hpp"

namespace bus::tool {
namespace {

using namespace std::chrono_literals;

constexpr Deadline kSent{1h};

Info stamped(std::uint64_t lost = 0) { return {.lost_before = lost, .sent_steady = kSent}; }

TEST(DelayWindow, TellsMeanExtremesAndDeviation) {
    DelayWindow delays;
    for (auto const delay : {10ms, 20ms, 30ms, 40ms}) delays.add(stamped(), kSent + delay);
    auto const report = delays.take(1s);
    EXPECT_EQ(report.messages, 4U);
    EXPECT_EQ(report.unstamped, 0U);
    EXPECT_EQ(report.delay.count, 4U);
    EXPECT_NEAR(report.delay.mean, 0.025, 1e-9);
    EXPECT_NEAR(report.delay.min, 0.01, 1e-9);
    EXPECT_NEAR(report.delay.max, 0.04, 1e-9);
    EXPECT_NEAR(report.delay.deviation(), 0.0111803399, 1e-9);
}

TEST(DelayWindow, CountsMessagesWithoutStampsApart) {
    DelayWindow delays;
    delays.add(stamped(), kSent + 2ms);
    delays.add({.lost_before = 3}, kSent + 2ms);
    auto const report = delays.take(1s);
    EXPECT_EQ(report.messages, 2U);
    EXPECT_EQ(report.unstamped, 1U);
    EXPECT_EQ(report.lost, 3U);
    EXPECT_EQ(report.delay.count, 1U);
    EXPECT_NEAR(report.delay.mean, 0.002, 1e-9);
}

TEST(DelayWindow, BeginsAnewWithEachReport) {
    DelayWindow delays;
    delays.add(stamped(7), kSent + 1s);
    (void)delays.take(1s);
    auto const nothing = delays.take(1s);
    EXPECT_EQ(nothing.messages, 0U);
    EXPECT_EQ(nothing.lost, 0U);
    EXPECT_EQ(nothing.p99, 0);
    delays.add(stamped(), kSent + 1ms);
    EXPECT_NEAR(delays.take(1s).p99, 0.001, 1e-9);
}

TEST(DelayWindow, TakesAStampOfTheFutureForNoDelay) {
    DelayWindow delays;
    delays.add(stamped(), kSent - 1ms);
    auto const report = delays.take(1s);
    EXPECT_EQ(report.delay.count, 1U);
    EXPECT_EQ(report.delay.min, 0);
    EXPECT_EQ(report.p50, 0);
}

TEST(DelayWindow, KeepsPercentilesWithinWhatCame) {
    DelayWindow delays;
    for (int i = 0; i < 3; ++i) delays.add(stamped(), kSent + 1234567ns);
    auto const report = delays.take(1s);
    EXPECT_DOUBLE_EQ(report.p50, report.delay.min);
    EXPECT_DOUBLE_EQ(report.p99, report.delay.max);
}

TEST(DelayHistogram, IsRightToAHundredth) {
    DelayHistogram histogram;
    for (std::uint64_t i = 1; i <= 100'000; ++i) histogram.add(i * 100);
    for (auto const part : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        auto const wanted = part * 100'000 * 100;
        EXPECT_NEAR(histogram.percentile(part), wanted, wanted / 100) << part;
    }
}

TEST(DelayHistogram, IsExactWhereDelaysAreShort) {
    DelayHistogram histogram;
    for (std::uint64_t i = 0; i < 128; ++i) histogram.add(i);
    EXPECT_EQ(histogram.percentile(0.5), 63);
    EXPECT_EQ(histogram.percentile(1), 127);
}

TEST(DelayHistogram, SeesTheOneInAHundredThatIsSlow) {
    DelayHistogram histogram;
    for (int i = 0; i < 980; ++i) histogram.add(1'000);
    for (int i = 0; i < 20; ++i) histogram.add(1'000'000'000);
    EXPECT_NEAR(histogram.percentile(0.5), 1e3, 10);
    EXPECT_NEAR(histogram.percentile(0.99), 1e9, 1e7);
}

TEST(DelayHistogram, TakesTheLongestDelayThereIs) {
    DelayHistogram histogram;
    histogram.add(UINT64_MAX);
    EXPECT_NEAR(histogram.percentile(0.5), 1.8447e19, 2e17);
}

TEST(Spread, OfNothingIsZero) {
    Spread const spread;
    EXPECT_EQ(spread.deviation(), 0);
    EXPECT_EQ(spread.count, 0U);
}

TEST(Spread, KnowsNegativeNumbersToo) {
    Spread spread;
    spread.add(-3);
    spread.add(-1);
    EXPECT_EQ(spread.min, -3);
    EXPECT_EQ(spread.max, -1);
    EXPECT_EQ(spread.mean, -2);
    EXPECT_EQ(spread.deviation(), 1);
}

}  // namespace
}  // namespace bus::tool
