// What `topic hz` counts.
#include <gtest/gtest.h>

#include "rate_window.hpp"

namespace bus::tool {
namespace {

using namespace std::chrono_literals;

Info at(std::chrono::milliseconds time, std::uint64_t sequence, PublisherId publisher = 1, std::uint64_t lost = 0) {
    return {.sequence = sequence, .lost_before = lost, .publisher = publisher, .sent_steady = Deadline(1h + time)};
}

TEST(RateWindow, CountsIntervalsNotFenceposts) {
    RateWindow rate;
    for (std::uint64_t i = 0; i <= 10; ++i) rate.add(at(100ms * i, i + 1), 50);
    auto const report = rate.take(1s);
    EXPECT_EQ(report.messages, 11U);
    EXPECT_DOUBLE_EQ(report.rate, 10);
    EXPECT_EQ(report.interval.count, 10U);
    EXPECT_NEAR(report.interval.mean, 0.1, 1e-9);
    EXPECT_NEAR(report.interval.deviation(), 0, 1e-9);
}

TEST(RateWindow, BeginsAnewWithEachReport) {
    RateWindow rate;
    rate.add(at(0ms, 1), 50);
    (void)rate.take(1s);
    rate.add(at(1000ms, 2), 30);
    rate.add(at(1500ms, 3), 30);
    auto const report = rate.take(1s);
    EXPECT_DOUBLE_EQ(report.rate, 2);
    EXPECT_EQ(report.bytes, 60U);
    EXPECT_NEAR(report.interval.min, 0.5, 1e-9);
    EXPECT_NEAR(report.interval.max, 1.0, 1e-9);
    EXPECT_NEAR(report.interval.deviation(), 0.25, 1e-9);
}

TEST(RateWindow, CountsWhatWasLostAsPublishedButNotItsIntervals) {
    RateWindow rate;
    rate.add(at(0ms, 1), 50);
    rate.add(at(500ms, 6, 1, 4), 50);
    auto const report = rate.take(1s);
    EXPECT_EQ(report.lost, 4U);
    EXPECT_DOUBLE_EQ(report.rate, 5);
    EXPECT_EQ(report.interval.count, 0U);
}

TEST(RateWindow, KeepsPublishersApart) {
    RateWindow rate;
    rate.add(at(0ms, 1, 1), 1);
    rate.add(at(10ms, 1, 2), 1);
    rate.add(at(100ms, 2, 1), 1);
    rate.add(at(110ms, 2, 2), 1);
    EXPECT_NEAR(rate.take(1s).interval.mean, 0.1, 1e-9);
}

TEST(RateWindow, SaysNothingCameWhereNothingCame) {
    RateWindow rate;
    EXPECT_EQ(rate.take(1s).rate, 0);
}

}  // namespace
}  // namespace bus::tool
