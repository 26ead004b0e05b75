// Comma-separated values: which columns a type has, and what is put in quotes.
#include "csv_format.hpp"

#include <gtest/gtest.h>

#include "tool_types.pb.h"

namespace bus::tool {
namespace {

TEST(CsvCell, IsQuotedOnlyWhereItMustBe) {
    EXPECT_EQ(csv_cell("plain text"), "plain text");
    EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(csv_cell(""), "");
}

TEST(LeafFields, GoIntoMessagesAndStopAtListsMapsAndTypesThatHoldThemselves) {
    EXPECT_EQ(leaf_fields(*unit::Filled::descriptor()),
              (std::vector<std::string>{"x", "count", "large", "small", "name", "state", "valid", "at.x", "at.y", "points", "tags",
                                        "places", "raw", "maybe", "ratio", "numbers", "nowhere", "when"}));
}

}  // namespace
}  // namespace bus::tool
