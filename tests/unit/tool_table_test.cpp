// Tables that fit the terminal.
#include "table.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace bus::tool {
namespace {

TEST(Cut, KeepsBothEndsOfALongName) {
    EXPECT_EQ(cut_in_the_middle("robot/arm-1/pose", 9), "robo…pose");
    EXPECT_EQ(cut_in_the_middle("short", 5), "short");
    EXPECT_EQ(cut_in_the_middle("short", 1), "…");
    EXPECT_EQ(cut_in_the_middle("short", 0), "");
}

TEST(Cut, CountsCharactersNotBytes) {
    EXPECT_EQ(columns_of("grüße"), 5U);
    EXPECT_EQ(cut_in_the_middle("grüßegrüße", 5), "gr…ße");
}

TEST(Cut, CountsTheColumnsThatCharactersTake) {
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    EXPECT_EQ(columns_of("漢字ab"), 6U);
    EXPECT_EQ(cut_in_the_middle("漢字漢字漢字", 7), "漢…字");
    EXPECT_EQ(cut_in_the_middle("漢字漢字漢字", 12), "漢字漢字漢字");
    EXPECT_EQ(columns_of("e\xcc\x81"), 1U) << "an accent of its own takes none";
    EXPECT_EQ(columns_of("a\xff\xc3"), 3U) << "bytes that are no UTF-8";
    Table table({{"NAME", Align::left, true}, {"N", Align::right}});
    table.row({"漢字", "1"});
    EXPECT_EQ(table.text(0), "NAME  N\n漢字  1\n");
    std::setlocale(LC_CTYPE, "C");
}

TEST(Table, AlignsItsColumns) {
    Table table({{"NAME", Align::left, true}, {"N", Align::right}});
    table.row({"a", "1"});
    table.row({"bbbbbb", "22"});
    EXPECT_EQ(table.text(0), "NAME     N\na        1\nbbbbbb  22\n");
}

TEST(Table, CutsNamesToFitAndNeverNumbers) {
    Table table({{"NAME", Align::left, true}, {"N", Align::right}});
    table.row({"a/very/long/name/of/a/topic", "123456"});
    EXPECT_EQ(table.text(20), "NAME               N\na/very…topic  123456\n");
    EXPECT_EQ(table.text(0), "NAME                              N\na/very/long/name/of/a/topic  123456\n");
}

TEST(Table, LeavesColumnsOutInTheirOrderWhereNamesCanNotGetShorter) {
    Table table({{"NAME", Align::left, true}, {"LATER", Align::right, false, 2}, {"FIRST", Align::right, false, 1}, {"N", Align::right}});
    table.row({"robot/arm-1/pose", "12345", "67890", "42"});
    EXPECT_EQ(table.text(20), "NAME       LATER   N\nrobo…pose  12345  42\n");
    EXPECT_EQ(table.text(12), "NAME       N\nrobo…ose  42\n");
    EXPECT_EQ(table.text(3), table.text(12)) << "what is left is needed";
}

TEST(Table, UsesColoursOnlyWhereTheyAreUnderstood) {
    Table table({{"N"}});
    table.row({"1"}, Tone::bad);
    EXPECT_EQ(table.text(Screen{0, false}), "N\n1\n");
    EXPECT_EQ(table.text(Screen{0, true}), "\x1b[1mN\x1b[0m\n\x1b[31m1\x1b[0m\n");
}

TEST(Table, LetsNoControlCharacterThrough) {
    Table table({{"NAME"}});
    table.row({"a\x1b[31m\nb"});
    EXPECT_EQ(table.text(0), "NAME\na?[31m b\n");
}

}  // namespace
}  // namespace bus::tool
