// How `bus events` writes an event: every kind in one line, and as JSON with null for what is not known.
#include <gtest/gtest.h>

#include <algorithm>

#include "events_format.hpp"

namespace bus::tool {
namespace {

using v1::Event;
using namespace std::chrono_literals;

constexpr WallTime kTime{std::chrono::seconds(1'714'564'800) + 1'002'003ns};  // 2024-05-01, noon

Event of(Event::Kind kind, std::string const& topic = {}) {
    auto event = own_event(kind, kTime, {});
    event.set_topic(topic);
    event.mutable_client()->set_id(7);
    event.mutable_client()->set_name("arm");
    event.mutable_client()->set_pid(12);
    event.mutable_client()->set_uid(1000);
    return event;
}

TEST(EventText, SaysWhoCame) {
    auto came = of(Event::client_came);
    came.set_count(1);
    EXPECT_EQ(event_text(came), "12:00:00.001 client_came      arm[12] of uid 1000, 1 client\n");
}

TEST(EventText, SaysHowSomebodyLeftAndWhy) {
    auto left = of(Event::client_left);
    left.set_how(Event::was_fenced_off);
    left.set_text("nobody reads its FIFO any more");
    left.set_count(2);
    EXPECT_EQ(event_text(left), "12:00:00.001 client_left      arm[12] was fenced off: nobody reads its FIFO any more, 2 clients\n");
}

TEST(EventText, WritesADifferenceOfSeveralLinesInOneAndNothingATerminalObeys) {
    auto refused = of(Event::refused, "t");
    refused.set_code("schema_mismatch");
    refused.set_text("two types\n  x: double, string\x1b[31m");
    EXPECT_EQ(event_text(refused), "12:00:00.001 refused          arm[12] t: schema_mismatch: two types;   x: double, string?[31m\n");
}

TEST(EventText, NamesASubscribersPatternAndKind) {
    auto came = of(Event::subscriber_came, "a/**");
    came.set_reader(Event::observer);
    EXPECT_EQ(event_text(came), "12:00:00.001 subscriber_came  a/** of arm[12], observer\n");
}

TEST(EventText, HasOneLineForEveryKindAlsoOfALaterRelease) {
    for (int kind = 0; kind <= 99; ++kind) {
        auto const line = event_text(of(static_cast<Event::Kind>(kind), "t"));
        EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
    }
    EXPECT_EQ(kind_name(static_cast<Event::Kind>(99)), "99");
}

TEST(EventJson, IsNullWhereNothingIsKnown) {
    EXPECT_EQ(event_json(own_event(Event::broker_lost, kTime, "gone"), 0),
              R"({"time":"2024-05-01T12:00:00.001002003Z","kind":"broker_lost","topic":null,"client":null,"publisher":null,"text":"gone",)"
              R"("count":null,"how":null,"code":null,"type":null,"reader":null,"generation":null,"lost":0})"
              "\n");
}

TEST(EventJson, HasNumbersAsNumbers) {
    auto left = of(Event::publisher_left, "t");
    left.set_publisher(4'294'967'299);
    left.set_count(0);
    left.set_generation(1);
    auto const json = event_json(left, 3);
    EXPECT_NE(json.find(R"("client":{"id":7,"name":"arm","pid":12,"uid":1000},"publisher":4294967299)"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("count":0)"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("generation":1,"lost":3})"), std::string::npos) << json;
}

}  // namespace
}  // namespace bus::tool
