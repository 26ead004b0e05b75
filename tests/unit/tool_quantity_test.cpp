// Times, sizes and times of day as the command reads and shows them.
#include "quantity.hpp"

#include <gtest/gtest.h>

#include "time_text.hpp"

namespace bus::tool {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, ReadsTimesWithUnits) {
    EXPECT_EQ(parse_duration("500ms").value(), 500ms);
    EXPECT_EQ(parse_duration("2s").value(), 2s);
    EXPECT_EQ(parse_duration("1m30s").value(), 90s);
    EXPECT_EQ(parse_duration("1h2m3s4ms").value(), 1h + 2min + 3s + 4ms);
    EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
    EXPECT_EQ(parse_duration(".25s").value(), 250ms);
    EXPECT_EQ(parse_duration("10ns").value(), 10ns);
    EXPECT_EQ(parse_duration("3us").value(), 3us);
}

TEST(Quantity, TakesABareNumberForSeconds) {
    EXPECT_EQ(parse_duration("2").value(), 2s);
    EXPECT_EQ(parse_duration("0.1").value(), 100ms);
    EXPECT_EQ(parse_duration("0").value(), 0s);
}

TEST(Quantity, RefusesWhatIsNoTime) {
    for (auto const* text :
         {"", "s", "-1s", "1x", "1s2", "2 s", "1.2.3", "9223372036s300ms1d", "99999999999999999999", "1e3", "0x10", "."}) {
        auto const parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error(), Errc::invalid);
        EXPECT_NE(parsed.error().what().find(text), std::string::npos);
        EXPECT_FALSE(parsed.error().hint().empty());
    }
}

TEST(Quantity, KeepsTheLongestTime) {
    EXPECT_EQ(parse_duration("9223372036854775807ns").value(), std::chrono::nanoseconds::max());
    EXPECT_FALSE(parse_duration("9223372036854775808ns"));
}

TEST(Quantity, ReadsSizesInPowersOf1024) {
    EXPECT_EQ(parse_bytes("4096").value(), 4096U);
    EXPECT_EQ(parse_bytes("64K").value(), 65536U);
    EXPECT_EQ(parse_bytes("6M").value(), 6U << 20);
    EXPECT_EQ(parse_bytes("1.5K").value(), 1536U);
    EXPECT_EQ(parse_bytes("2GiB").value(), 2ULL << 30);
    for (auto const* text : {"", "K", "-1", "1K1K", "1 K", "99999999T", "64k!"}) EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Quantity, ShowsWithThreeDigits) {
    EXPECT_EQ(show_duration(1500ms), "1.5 s");
    EXPECT_EQ(show_duration(12us), "12 us");
    EXPECT_EQ(show_duration(0ns), "0 ns");
    EXPECT_EQ(show_duration(125s), "2 min 5 s");
    EXPECT_EQ(show_bytes(65536), "64 KiB");
    EXPECT_EQ(show_bytes(17), "17 B");
    EXPECT_EQ(show_rate(9.984), "9.98");
    EXPECT_EQ(show_rate(100), "100");
}

TEST(TimeText, WritesRfc3339InUtcWithNanoseconds) {
    EXPECT_EQ(rfc3339(WallTime(0ns)), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(rfc3339(WallTime(1714564800s + 1ns)), "2024-05-01T12:00:00.000000001Z");
    EXPECT_EQ(rfc3339(WallTime(-1ns)), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(time_of_day(WallTime(1714564800s + 1us)), "12:00:00.000001");
}

}  // namespace
}  // namespace bus::tool
