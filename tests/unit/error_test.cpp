// Errors as values: what they say, what they cost, how they become exceptions.
#include <gtest/gtest.h>

#include <algorithm>
#include <bus/error.hpp>
#include <vector>

namespace bus::test {

namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Error(Errc::invalid, "7 is odd", "try 8");
    return number / 2;
}

}  // namespace

TEST(Error, IsOkByDefaultAndComparesWithItsCode) {
    EXPECT_EQ(Error(), Errc::ok);
    EXPECT_EQ(Error(Errc::full), Errc::full);
    EXPECT_FALSE(Error(Errc::full) == Errc::limit);
}

TEST(Error, WithoutATextSaysTheNameOfItsCode) {
    Error const error = Errc::would_block;
    EXPECT_EQ(error.what(), "would_block");
    EXPECT_EQ(error.hint(), "");
    EXPECT_EQ(error.detail(), 0);
    EXPECT_FALSE(error.remote());
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
    std::vector<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(Errc::failed); ++code) names.push_back(to_string(static_cast<Errc>(code)));
    for (auto const name : names) {
        EXPECT_NE(name, "unknown");
        EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
    }
    EXPECT_EQ(to_string(static_cast<Errc>(names.size())), "unknown");
    EXPECT_EQ(to_string(static_cast<Errc>(-1)), "unknown");
}

TEST(Error, AsRemoteKeepsEverythingElse) {
    Error const local(Errc::failed, "no such account", "open one", 42);
    Error const remote = local.as_remote();
    EXPECT_TRUE(remote.remote());
    EXPECT_FALSE(local.remote());
    EXPECT_EQ(remote, Errc::failed);
    EXPECT_EQ(remote.what(), local.what());
    EXPECT_EQ(remote.hint(), local.hint());
    EXPECT_EQ(remote.detail(), 42);
}

TEST(Error, OfTwoTypesTellsTheRefusedChangesFirst) {
    using Verdict = SchemaDifference::Change::Verdict;
    SchemaDifference const difference{
        "nav.Pose", "nav.Pose", {{Verdict::readable, "z", "double z = 3", ""}, {Verdict::refused, "x", "double x = 1", "string x = 1"}}};
    Error const error("topic robot/pose has another type", difference);
    EXPECT_EQ(error, Errc::schema_mismatch);
    ASSERT_NE(error.schema_difference(), nullptr);
    EXPECT_EQ(error.schema_difference()->changes.size(), 2U);
    auto const text = error.what();
    EXPECT_LT(text.find("refused: x: ours double x = 1, theirs string x = 1"), text.find("readable: z: ours double z = 3, theirs nothing"));
}

TEST(Result, GivesTheValueOrTheError) {
    EXPECT_EQ(half(8).value(), 4);
    EXPECT_EQ(half(7).error(), Errc::invalid);
}

TEST(Result, ThrowsTheErrorWithItsHintWhenItsValueIsTakenAnyway) {
    try {
        half(7).value();
        FAIL() << "value() of an error returned";
    } catch (Exception const& exception) {
        EXPECT_STREQ(exception.what(), "7 is odd (try 8)");
        EXPECT_EQ(exception.error(), Errc::invalid);
        EXPECT_EQ(exception.error().hint(), "try 8");
    }
}

}  // namespace bus::test
