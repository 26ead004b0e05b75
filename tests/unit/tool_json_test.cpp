// JSON as the command writes and reads it.
#include <gtest/gtest.h>

#include <limits>

#include "base64.hpp"
#include "json_read.hpp"
#include "json_writer.hpp"

namespace bus::tool {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonWriter, KeepsTheOrderAndPutsTheCommas) {
    JsonWriter json;
    json.object().member("b", 1).member("a", "x").key("list").array().value(true).null().value(2.5).end_array();
    json.key("empty").object().end_object().key("raw").raw("[1,2]").end_object();
    EXPECT_EQ(json.text(), R"({"b":1,"a":"x","list":[true,null,2.5],"empty":{},"raw":[1,2]})");
}

TEST(JsonWriter, WritesLargeNumbersInFull) {
    JsonWriter json;
    json.array().value(std::numeric_limits<std::uint64_t>::max()).value(std::numeric_limits<std::int64_t>::min()).end_array();
    EXPECT_EQ(json.text(), "[18446744073709551615,-9223372036854775808]");
}

TEST(JsonWriter, HasNoWordForInfinity) {
    JsonWriter json;
    json.array().value(std::numeric_limits<double>::infinity()).value(std::numeric_limits<double>::quiet_NaN()).end_array();
    EXPECT_EQ(json.text(), "[null,null]");
}

TEST(JsonWriter, EscapesWhatJsonCannotHold) {
    EXPECT_EQ(quoted("a\"b\\c\n\t\x01\x7f"), R"("a\"b\\c\n\t\u0001\u007f")");
    EXPECT_EQ(quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\x8c"), "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\x8c\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNoUtf8) {
    EXPECT_EQ(quoted("a\xff"
                     "b"),
              R"("a\ufffdb")");
    EXPECT_EQ(quoted("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
    EXPECT_EQ(quoted("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // half of a surrogate pair
    EXPECT_EQ(quoted("\xe2\x82"), R"("\ufffd\ufffd")");            // cut short
}

TEST(PublishLine, TakesALineOfEchoApart) {
    auto const read = read_publish_line(
        R"({"topic":"a/b","type":"T","publisher":1,"sequence":2,"time":"t","age":0.1,"lost":0,"message":{"z":1,"a":"2"}})", false);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->topic, "a/b");
    EXPECT_EQ(read->type, "T");
    EXPECT_EQ(read->message, R"({"z":1,"a":"2"})");
}

TEST(PublishLine, TakesALineWithAForeignFieldForABareMessage) {
    auto const* line = R"({"topic":"a/b","message":"m","colour":"red"})";
    auto const read = read_publish_line(line, false);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->topic, "");
    EXPECT_EQ(read->message, line);
}

TEST(PublishLine, BelievesBare) {
    auto const* line = R"({"topic":"a/b","message":"m"})";
    EXPECT_EQ(read_publish_line(line, true)->message, line);
    EXPECT_EQ(read_publish_line(line, false)->message, "\"m\"");
}

TEST(PublishLine, SaysWhatIsNoJson) {
    auto const read = read_publish_line("{\"x\":", false);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), Errc::invalid);
    EXPECT_NE(read.error().what().find("no JSON"), std::string::npos);
}

TEST(JsonValue, IsFoundByItsPath) {
    std::string const json = R"({"a":{"b":[{"c":1.5},{"c":"x"}]},"big":"18446744073709551615"})";
    EXPECT_EQ(value_at(json, "a.b.0.c").value(), "1.5");
    EXPECT_EQ(value_at(json, "a.b.1.c").value(), "\"x\"");
    EXPECT_EQ(value_at(json, "a.b.2.c").value(), "null");
    EXPECT_EQ(value_at(json, "a.x").value(), "null");
    EXPECT_EQ(without_quotes(value_at(json, "big").value()), "18446744073709551615");
}

TEST(Base64, IsReadWithAndWithoutPadding) {
    EXPECT_EQ(decode_base64("aGVsbG8=").value(), "hello");
    EXPECT_EQ(decode_base64("aGVsbG8").value(), "hello");
    EXPECT_EQ(decode_base64("").value(), "");
    EXPECT_EQ(decode_base64("_-8=").value(), "\xff\xef");
    EXPECT_FALSE(decode_base64("a"));
    EXPECT_FALSE(decode_base64("a b="));
}

}  // namespace
}  // namespace bus::tool
