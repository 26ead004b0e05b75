// Names and patterns.
#include <gtest/gtest.h>

#include <bus/name.hpp>
#include <string>

namespace bus::test {

namespace {

bool is_name(std::string_view name, Reserved reserved = Reserved::refuse) { return check_name(name, reserved).has_value(); }
bool is_valid_pattern(std::string_view pattern) { return check_pattern(pattern).has_value(); }
bool is_bus_name(std::string_view name) { return check_bus_name(name).has_value(); }

}  // namespace

TEST(Name, IsAPathOfLettersDigitsAndThreeSigns) {
    EXPECT_TRUE(is_name("a"));
    EXPECT_TRUE(is_name("robot/arm-1/pose_2.raw"));
    EXPECT_TRUE(is_name("0/1"));
    for (auto const* bad : {"", "/", "a/", "/a", "a//b", "a b", "a/\n", "a/b\x7f", "\xc3\xa4", "a\\b", "a:b", "$a", "a/$bus/b"})
        EXPECT_EQ(check_name(bad).error(), Errc::invalid) << bad;
    EXPECT_FALSE(is_name(std::string_view("a\0b", 3)));
}

TEST(Name, HasAtMost255Bytes) {
    EXPECT_TRUE(is_name(std::string(255, 'x')));
    auto const error = check_name(std::string(256, 'x')).error();
    EXPECT_EQ(error, Errc::invalid);
    EXPECT_NE(error.what().find("256 bytes"), std::string::npos) << error.what();
}

TEST(Name, OfTheBusItselfPassesOnlyWhereAllowed) {
    EXPECT_FALSE(is_name("$bus/events"));
    EXPECT_TRUE(is_name("$bus/events", Reserved::allow));
    EXPECT_FALSE(is_name("$bus/", Reserved::allow));
    EXPECT_FALSE(is_name("$bus", Reserved::allow));
    EXPECT_TRUE(is_valid_pattern("$bus/**"));
}

TEST(Name, IsNoPattern) {
    EXPECT_FALSE(is_name("robot/*"));
    EXPECT_TRUE(is_pattern("robot/*"));
    EXPECT_FALSE(is_pattern("robot"));
}

TEST(Name, ErrorNamesTheBadByteAndShowsUnprintableOnes) {
    auto const what = check_name("robot/a\x01").error().what();
    EXPECT_NE(what.find("'robot/a\\x01'"), std::string::npos) << what;
    EXPECT_NE(what.find("byte 8"), std::string::npos) << what;
}

TEST(Pattern, HasStarsOnlyAsWholeParts) {
    EXPECT_TRUE(is_valid_pattern("**"));
    EXPECT_TRUE(is_valid_pattern("robot/*/pose"));
    EXPECT_TRUE(is_valid_pattern("*/**/*"));
    for (auto const* bad : {"", "a*", "robot/arm-*", "***", "robot/**x", "*/", "//"}) EXPECT_FALSE(is_valid_pattern(bad)) << bad;
}

TEST(Pattern, WithoutStarsMeansItself) {
    EXPECT_TRUE(matches("robot/pose", "robot/pose"));
    EXPECT_FALSE(matches("robot/pose", "robot/pose2"));
    EXPECT_FALSE(matches("robot/pose", "robot"));
    EXPECT_FALSE(matches("robot", "robot/pose"));
}

TEST(Pattern, OneStarMeansOnePart) {
    EXPECT_TRUE(matches("robot/*/pose", "robot/1/pose"));
    EXPECT_FALSE(matches("robot/*/pose", "robot/pose"));
    EXPECT_FALSE(matches("robot/*/pose", "robot/1/2/pose"));
    EXPECT_FALSE(matches("*", "a/b"));
}

TEST(Pattern, TwoStarsMeanAnyNumberOfParts) {
    EXPECT_TRUE(matches("**", "a/b/c"));
    EXPECT_TRUE(matches("robot/**", "robot/1/pose"));
    EXPECT_TRUE(matches("robot/**", "robot"));
    EXPECT_TRUE(matches("**/pose", "pose"));
    EXPECT_TRUE(matches("**/pose", "a/pose/b/pose"));
    EXPECT_TRUE(matches("a/**/b/**/c", "a/b/x/b/c"));
    EXPECT_FALSE(matches("a/**/b/**/c", "a/x/y/c"));
    EXPECT_FALSE(matches("**/pose", "a/pose/b"));
    EXPECT_TRUE(matches("**/**/*", "a"));
    EXPECT_FALSE(matches("**/*/*", "a"));
}

TEST(Pattern, NeverMeansTheBussOwnNamesUnlessItSaysSo) {
    EXPECT_FALSE(matches("**", "$bus/events"));
    EXPECT_FALSE(matches("*/events", "$bus/events"));
    EXPECT_TRUE(matches("$bus/**", "$bus/events"));
    EXPECT_TRUE(matches("$bus/*", "$bus/events"));
    EXPECT_FALSE(matches("$bus/**", "bus/events"));
}

TEST(Pattern, OfManyStarsIsStillMatchedQuickly) {
    std::string pattern, name;
    for (int i = 0; i < 60; ++i) pattern += "**/";
    for (int i = 0; i < 120; ++i) name += "a/";
    EXPECT_FALSE(matches(pattern + "b", name + "a"));
    EXPECT_TRUE(matches(pattern + "a", name + "a"));
}

TEST(BusName, IsOnePartOfAtMost64Bytes) {
    EXPECT_TRUE(is_bus_name("default"));
    EXPECT_TRUE(is_bus_name(std::string(64, 'b')));
    for (std::string const& bad : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a b"),
                                   std::string("$bus"), std::string("*"), std::string(65, 'b')})
        EXPECT_FALSE(is_bus_name(bad)) << bad;
}

}  // namespace bus::test
