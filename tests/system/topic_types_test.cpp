// Two versions of a type on one topic: whoever comes second hears exactly what differs.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

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

    /// A program of another day: its google.protobuf.StringValue has these fields.
    bus::Result<bus::Publisher<bus::Any>> other_day(std::string const& topic, std::string const& fields) {
        auto const file = folder.path_of("wrappers.proto");
        std::ofstream(file) << "syntax = \"proto3\"; package google.protobuf; message StringValue { " << fields << " }";
        return bus.publisher<bus::Any>(topic, {.schema = bus::Schema::load(file, "google.protobuf.StringValue").value()});
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

TEST_F(TopicTypes, InVersionsThatReadEachOtherShareATopicAndAreRead) {
    auto typed = bus.subscriber<Text>("t").value();
    auto any = bus.subscriber<bus::Any>("t").value();
    auto newer = other_day("t", "string value = 1; int32 extra = 2;").value();
    Text known;
    known.set_value("both know it");
    auto message = known.SerializeAsString() + std::string("\x10\x07", 2);  // extra = 7
    (void)newer.publish_bytes(std::as_bytes(std::span(message))).value();
    EXPECT_EQ(typed.receive_for(patience()).value().message().value(), "both know it");
    auto const whole = any.receive_for(patience()).value().message().dynamic().value();
    EXPECT_NE(whole->ShortDebugString().find("extra: 7"), std::string::npos)
        << "by the version of its publisher: " << whole->ShortDebugString();
}

TEST_F(TopicTypes, OfANewPublisherMustBeReadableByEachSubscriber) {
    auto const bare = other_day("t", "int32 extra = 2;").value();
    auto const subscriber = bus.subscriber<Text>("t").value();
    auto const garbling = other_day("t", "int32 value = 1;");
    ASSERT_FALSE(garbling) << "the topic's first version lacks that field, the subscriber's does not";
    EXPECT_EQ(garbling.error(), bus::Errc::schema_mismatch);
    EXPECT_NE(garbling.error().what().find("than one of its subscribers"), std::string::npos) << garbling.error().what();
    EXPECT_TRUE(other_day("elsewhere", "int32 value = 1;"));
}

TEST_F(TopicTypes, InTheirVersionsAreKnownToTheNextBusdToo) {
    auto const bare = other_day("t", "int32 extra = 2;").value();
    auto subscriber = bus.subscriber<Text>("t").value();
    auto const left_out = other_day("one", "int32 value = 1;").value();
    auto const all = bus.subscriber<Text>("*").value();
    broker.kill();
    broker.restart();
    EXPECT_EQ(other_day("t", "int32 value = 1;").error(), bus::Errc::schema_mismatch);
    EXPECT_EQ(bus.subscriber<Text>("one").error(), bus::Errc::schema_mismatch);
    EXPECT_TRUE(other_day("t", "string value = 1;"));
}

TEST_F(TopicTypes, OfEachPublisherMustBeReadableByANewSubscriber) {
    auto const bare = other_day("t", "int32 extra = 2;").value();
    {
        auto const other = other_day("t", "int32 value = 1;").value();
        auto const refused = bus.subscriber<Text>("t");
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().what().find("than one of its publishers"), std::string::npos) << refused.error().what();
    }
    EXPECT_TRUE(eventually([&] { return static_cast<bool>(bus.subscriber<Text>("t")); })) << "it left";
}

TEST_F(TopicTypes, ThatATypedPatternCannotReadAreLeftOut) {
    auto all = bus.subscriber<Text>("**").value();
    auto const garbling = other_day("one", "int32 value = 1;").value();
    auto const readable = other_day("two", "string value = 1; bytes more = 2;").value();
    all.wait_for_publishers(1, patience()).value();
    EXPECT_EQ(all.publishers(), 1u);
    EXPECT_EQ(garbling.subscribers(), 0u);
}

TEST_F(TopicTypes, ThatATypedPatternLeavesOutAreToldAsEventsWithTheDifference) {
    std::vector<bus::Event> events;
    auto listening = broker.connect("listening").value();
    listening.on_event([&](bus::Event const& event) { events.push_back(event); }).value();
    auto const refused = [&](std::string const& object) {
        return eventually([&] {
            (void)listening.dispatch().value();
            return std::ranges::any_of(
                events, [&](bus::Event const& event) { return event.kind == bus::Event::Kind::refused && event.object == object; });
        });
    };
    auto const before = bus.publisher<Text>("robot/there/before").value();
    auto subscriber = listening.subscriber<Number>("robot/**").value();
    EXPECT_TRUE(refused("robot/there/before"));
    auto const after = bus.publisher<bus::Bytes>("robot/comes/after").value();
    EXPECT_TRUE(refused("robot/comes/after"));
    auto const good = bus.publisher<Number>("robot/good").value();
    auto const elsewhere = bus.publisher<Text>("elsewhere").value();
    ASSERT_TRUE(subscriber.wait_for_publishers(1, patience()));
    (void)listening.dispatch().value();
    std::size_t count = 0;
    for (auto const& event : events) {
        if (event.kind != bus::Event::Kind::refused) continue;
        ++count;
        EXPECT_EQ(event.error, bus::Errc::schema_mismatch);
        ASSERT_NE(event.error.schema_difference(), nullptr);
        EXPECT_EQ(event.error.schema_difference()->ours, "google.protobuf.UInt64Value");
        EXPECT_FALSE(event.error.schema_difference()->changes.empty());
    }
    EXPECT_EQ(count, 2u) << "each once, and no other";

    auto const texts = listening.subscriber<Text>("versions/**").value();
    auto const garbling = other_day("versions/one", "int32 value = 1;").value();
    ASSERT_TRUE(refused("versions/one"));
    EXPECT_EQ(events.back().error.schema_difference()->changes.at(0).field, "value");
}

TEST_F(TopicTypes, ThatAreLeftOutWakeARunningLoop) {
    auto listening = broker.connect("listening").value();
    std::atomic<bool> told = false;
    listening.on_event([&](bus::Event const& event) { told = told || event.kind == bus::Event::Kind::refused; }).value();
    auto const subscriber = listening.subscriber<Number>("robot/**").value();
    std::jthread const running([&](std::stop_token const& stop) { EXPECT_TRUE(listening.run(stop)); });
    auto const other = bus.publisher<Text>("robot/text").value();
    EXPECT_TRUE(eventually([&] { return told.load(); }));
}

TEST_F(TopicTypes, OfASampleThatOutlivesItsPublisherAreNeverTakenForAnother) {
    auto any = bus.subscriber<bus::Any>("t").value();
    auto const kept = [&] {
        auto publisher = other_day("t", "string value = 1;").value();
        (void)publisher.publish_bytes({}).value();
        return any.receive_for(patience()).value();
    }();
    ASSERT_TRUE(eventually([&] { return !any.try_receive() && any.publishers() == 0 && bus.topics("t").value().at(0).publishers == 0; }));
    auto const next = other_day("t2", "int32 value = 1; int32 other = 2;").value();
    auto const message = kept.message().dynamic();
    if (message) {
        EXPECT_EQ((*message)->GetDescriptor()->FindFieldByName("other"), nullptr);
    } else {
        EXPECT_EQ(message.error(), bus::Errc::not_found) << message.error().what();
    }
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
