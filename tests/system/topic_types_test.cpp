// Two versions of a type on one topic: whoever comes second hears exactly what differs.
#include <gtest/gtest.h>

#include <fstream>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/temporary_directory.hpp"

using namespace bus::test;

namespace {

using Verdict = bus::SchemaDifference::Change::Verdict;

class TopicTypes : public testing::Test {
protected:
    bus::Schema pose(std::string const& fields) const {
        auto const file = folder.path_of("pose.proto");
        std::ofstream(file) << "syntax = \"proto3\"; package nav; message Pose { " << fields << " }";
        return bus::Schema::load(file, "nav.Pose").value();
    }
    bus::Result<bus::Publisher<bus::Any>> publisher(std::string const& topic, std::string const& fields) {
        return bus.publisher<bus::Any>(topic, {.schema = pose(fields)});
    }

    TemporaryDirectory folder;
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

TEST_F(TopicTypes, ThatDifferAreRefusedWithTheirDifferenceAsDataAndText) {
    auto const first = publisher("robot/pose", "double x = 1; double y = 2;").value();
    auto const second = publisher("robot/pose", "float x = 1; double y = 2; string frame = 3;");
    ASSERT_FALSE(second);
    auto const error = second.error();
    EXPECT_EQ(error, bus::Errc::schema_mismatch);
    auto const* const difference = error.schema_difference();
    ASSERT_NE(difference, nullptr) << error.what();
    EXPECT_EQ(difference->ours, "nav.Pose");
    ASSERT_EQ(difference->changes.size(), 2u) << difference->text();
    EXPECT_EQ(difference->changes[0].verdict, Verdict::refused);
    EXPECT_EQ(difference->changes[0].field, "x");
    EXPECT_EQ(difference->changes[0].ours, "float x = 1");
    EXPECT_EQ(difference->changes[0].theirs, "double x = 1");
    EXPECT_EQ(difference->changes[1].verdict, Verdict::readable);
    EXPECT_EQ(difference->changes[1].ours, "string frame = 3");
    EXPECT_NE(error.what().find("refused: x: ours float x = 1, theirs double x = 1"), std::string::npos) << error.what();
    EXPECT_EQ(error.what().find("ours: nav.Pose"), error.what().rfind("ours: nav.Pose")) << "once: " << error.what();
    EXPECT_EQ(error.hint(), "bus topic info robot/pose");
}

TEST_F(TopicTypes, OfAnotherNameAreADifferenceToo) {
    auto const first = publisher("robot/pose", "double x = 1;").value();
    auto const second = bus.subscriber<google::protobuf::StringValue>("robot/pose");
    ASSERT_FALSE(second);
    auto const error = second.error();
    ASSERT_NE(error.schema_difference(), nullptr) << error.what();
    EXPECT_EQ(error.schema_difference()->ours, "google.protobuf.StringValue");
    EXPECT_EQ(error.schema_difference()->theirs, "nav.Pose");
    EXPECT_EQ(error.schema_difference()->changes.at(0).verdict, Verdict::refused);
}

TEST_F(TopicTypes, ThatDifferInNothingThatCountsShareATopic) {
    auto const first = publisher("robot/pose", "double x = 1; double y = 2;").value();
    EXPECT_TRUE(publisher("robot/pose", "double y = 2; /* metres */ double x = 1; reserved 7;"));
    EXPECT_TRUE(bus.subscriber<bus::Bytes>("robot/pose"));
}

TEST_F(TopicTypes, WithManyDifferencesAreRefusedInABoundedAnswer) {
    std::string ours, theirs;
    for (int i = 1; i <= 400; ++i) {
        auto const number = std::to_string(i);
        ours.append("int32 ").append(200, 'a').append(number).append(" = ").append(number).append(";");
        theirs.append("string ").append(200, 'b').append(number).append(" = ").append(number).append(";");
    }
    auto const first = publisher("wide", theirs).value();
    auto const second = publisher("wide", ours);
    ASSERT_FALSE(second);
    auto const error = second.error();
    ASSERT_NE(error.schema_difference(), nullptr) << error.what();
    EXPECT_GE(error.schema_difference()->changes.size(), 10u);
    EXPECT_LT(error.what().size(), 30'000u);
}

}  // namespace
