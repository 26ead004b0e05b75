// Conditions of --where: what holds, what can't be read, and what is bounded.
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>

#include "condition.hpp"
#include "errors.hpp"
#include "tool_types.pb.h"

namespace bus::tool {
namespace {

constexpr auto* kMessage =
    R"({"x":2.5,"count":"9007199254740993","large":"18446744073709551615","small":-3,"name":"arm-1","state":"RUNNING","valid":true,
        "at":{"x":-1.5},"points":[{"x":1},{"x":2,"y":3}],"tags":{"a":1,"b-c":2},"places":{"home":{"x":4}},"raw":"aGk=","maybe":0,
        "ratio":0.5,"numbers":[5,6]})";

unit::Filled filled() {
    unit::Filled message;
    auto const parsed = google::protobuf::util::JsonStringToMessage(kMessage, &message);
    EXPECT_TRUE(parsed.ok()) << parsed.ToString();
    return message;
}

/// Whether the condition holds for the message above; fails the test where it can't be read or does not fit.
bool holds(std::string const& text) {
    auto const condition = Condition::parse(text);
    if (!condition) {
        ADD_FAILURE() << condition.error().what();
        return false;
    }
    auto const fits = condition->check(*unit::Filled::descriptor());
    EXPECT_TRUE(fits) << fits.error().what();
    return condition->holds(filled());
}

/// What is said of a condition that is no good.
std::string complaint(std::string const& text) {
    auto const condition = Condition::parse(text);
    auto const& error = condition ? condition->check(*unit::Filled::descriptor()).error() : condition.error();
    EXPECT_TRUE(is_usage_error(error)) << text << " was taken for good";
    return error.what();
}

TEST(Condition, ComparesNumbersOfAllTypesExactly) {
    for (auto const* text : {"x == 2.5", "x > 2", "2 < x", "count == 9007199254740993", "count > 9007199254740992",
                             "count != 9007199254740992", "large == 18446744073709551615", "large > count", "small < 0", "small == -3",
                             "small < large", "ratio == 0.5", "x >= 25e-1", "x = 2.5"})
        EXPECT_TRUE(holds(text)) << text;
    for (auto const* text : {"x > 2.5", "count == 9007199254740992", "large < small", "small > 0", "ratio > x"})
        EXPECT_FALSE(holds(text)) << text;
}

TEST(Condition, ComparesTextsEnumerationsAndBools) {
    for (auto const* text :
         {"name == 'arm-1'", "name == \"arm-1\"", "name < 'b'", "name =~ '^arm'", "name =~ '\\d$'", "name !~ 'leg'", "state == RUNNING",
          "state == 'RUNNING'", "state == 1", "RUNNING == state", "state =~ 'RUN'", "valid", "valid == true", "raw == 'hi'"})
        EXPECT_TRUE(holds(text)) << text;
    for (auto const* text : {"name == 'arm'", "state == IDLE", "state != RUNNING", "!valid", "valid == false", "name !~ 'arm'"})
        EXPECT_FALSE(holds(text)) << text;
}

TEST(Condition, GoesIntoMessagesListsAndMaps) {
    for (auto const* text :
         {"at.x == -1.5", "points.1.y == 3", "tags.a == 1", "tags.b-c == 2", "places.home.x == 4", "numbers.0 == 5", "size(points) == 2",
          "size(tags) == 2", "size(name) == 5", "size(raw) == 2", "has(at)", "has(maybe)", "has(places.home)", "has(points.1)"})
        EXPECT_TRUE(holds(text)) << text;
}

TEST(Condition, HoldsForNothingThatIsNotThereButInequality) {
    for (auto const* text : {"points.7.x == 0", "points.7.x < 1", "nowhere.x == 0", "nowhere.x >= 0", "tags.z == 0", "has(nowhere)",
                             "has(points.7)", "has(tags.z)", "places.z.x == 0"})
        EXPECT_FALSE(holds(text)) << text;
    for (auto const* text : {"points.7.x != 0", "nowhere.name !~ 'a'", "!has(nowhere)", "size(nowhere.name) == 0"})
        EXPECT_TRUE(holds(text)) << text;
}

TEST(Condition, JoinsByAndOrNotAndParentheses) {
    for (auto const* text : {"x > 2 && valid", "x > 9 || valid", "x > 9 or valid and small < 0", "not (x > 9)", "!(x > 2 && !valid)",
                             "!!valid", "x > 9 && valid || valid", "valid || x > 9 && x > 9", "(((((valid)))))"})
        EXPECT_TRUE(holds(text)) << text;
    EXPECT_FALSE(holds("(valid || x > 9) && x > 9"));
}

TEST(Condition, SaysWhereItCanNotBeRead) {
    EXPECT_NE(complaint("x >").find("character 4"), std::string::npos);
    EXPECT_NE(complaint("name == 'arm").find("closing quote"), std::string::npos);
    EXPECT_NE(complaint("(valid").find("parenthesis"), std::string::npos);
    EXPECT_NE(complaint("valid valid").find("'valid' was not expected"), std::string::npos);
    EXPECT_NE(complaint("x ~ 3").find("'~' means nothing"), std::string::npos);
    EXPECT_NE(complaint("x == 1.2.3").find("no number"), std::string::npos);
    EXPECT_NE(complaint("name =~ '('").find("regular expression"), std::string::npos);
    EXPECT_NE(complaint("name =~ name").find("in quotes"), std::string::npos);
    EXPECT_NE(complaint("3").find("comparison is missing"), std::string::npos);
    EXPECT_NE(complaint("").find("too early"), std::string::npos);
    EXPECT_NE(complaint("x > > 1").find("'>'"), std::string::npos);
    EXPECT_NE(complaint("size(3) > 1").find("field is wanted"), std::string::npos);
}

TEST(Condition, SaysWhatTheTypeHasNot) {
    EXPECT_NE(complaint("z > 3").find("no field 'z'"), std::string::npos);
    EXPECT_NE(complaint("at.z > 3").find("no field 'z'"), std::string::npos);
    EXPECT_NE(complaint("x.y > 3").find("no fields of its own"), std::string::npos);
    EXPECT_NE(complaint("points.x > 3").find("is a list"), std::string::npos);
    EXPECT_NE(complaint("x == 'a'").find("different kinds"), std::string::npos);
    EXPECT_NE(complaint("points == 1").find("can't be compared"), std::string::npos);
    EXPECT_NE(complaint("at").find("no bool"), std::string::npos);
    EXPECT_NE(complaint("x =~ '1'").find("for texts"), std::string::npos);
    EXPECT_NE(complaint("valid > true").find("neither less nor greater"), std::string::npos);
    EXPECT_NE(complaint("size(x) > 1").find("have a size"), std::string::npos);
    EXPECT_NE(complaint("state == FLYING").find("no field 'FLYING'"), std::string::npos);
    EXPECT_NE(complaint("a..b == 1").find("no field"), std::string::npos);
}

TEST(Condition, IsBoundedInLengthAndDepth) {
    EXPECT_NE(complaint(std::string(5000, ' ') + "valid").find("at most 4096"), std::string::npos);
    EXPECT_NE(complaint(std::string(100, '(') + "valid" + std::string(100, ')')).find("64 levels"), std::string::npos);
    EXPECT_NE(complaint(std::string(4000, '!') + "valid").find("64 levels"), std::string::npos);
    EXPECT_TRUE(holds(std::string(64, '!') + "valid"));
    EXPECT_NE(complaint("name =~ '((((((x{100}){100}){100}){100}){100}){100})'").find("regular expression"), std::string::npos);
}

TEST(Condition, TakesTimeInProportionForAnExpressionThatOthersNeverEnd) {
    unit::Filled message;
    message.set_name(std::string(100'000, 'a'));
    auto const condition = Condition::parse("name =~ '^(a+)+$' && name =~ '(a*)*b'");
    ASSERT_TRUE(condition) << condition.error().what();
    EXPECT_FALSE(condition->holds(message));  // by backtracking: longer than the universe
}

}  // namespace
}  // namespace bus::tool
