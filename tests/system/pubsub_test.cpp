// Publishing and receiving through a real busd: every kind of message, and what the samples say.
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace imu {
struct Sample {
    double t;
    float accel[3];
};
struct Other {
    int x;
};
}  // namespace imu
template <>
struct bus::plain<imu::Sample> {
    static constexpr std::string_view name = "imu.Sample.v1";
};
template <>
struct bus::plain<imu::Other> {
    static constexpr std::string_view name = "imu.Sample.v1";  // the same name, another size: a lie
};

namespace {

class PubSub : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

TEST_F(PubSub, DeliversWhatWasPublished) {
    auto subscriber = bus.subscriber<Number>("numbers", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("numbers").value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto const before = std::chrono::steady_clock::now();
    EXPECT_EQ(publisher.publish(number(42)).value(), 1u);
    EXPECT_EQ(publisher.publish(number(43)).value(), 2u);
    auto const first = subscriber.receive_for(patience()).value();
    EXPECT_EQ(first.message().value(), 42u);
    EXPECT_EQ(first.info().sequence, 1u);
    EXPECT_EQ(first.info().lost_before, 0u);
    EXPECT_EQ(first.info().publisher, publisher.id());
    EXPECT_EQ(first.info().topic, "numbers");
    EXPECT_GE(first.info().sent_steady, before);
    EXPECT_LE(first.info().sent_steady, std::chrono::steady_clock::now());
    EXPECT_EQ(first.bytes().size(), number(42).ByteSizeLong());
    EXPECT_FALSE(first.info().origin);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 43u);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_EQ(publisher.subscribers(), 1u);
    EXPECT_EQ(subscriber.publishers(), 1u);
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_EQ(subscriber.position(), (bus::Position{{publisher.id(), 2}}));
}

TEST_F(PubSub, GivesASubscriberThatWasThereFirstEverythingFromOne) {
    auto subscriber = bus.subscriber<Number>("early").value();
    auto publisher = bus.publisher<Number>("early").value();
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(publisher.publish(number(i)).value(), i);
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
}

TEST_F(PubSub, GivesALateSubscriberTheHistoryItAsksFor) {
    auto publisher = bus.publisher<Number>("late", {.history = 10}).value();
    for (std::uint64_t i = 1; i <= 100; ++i) (void)publisher.publish(number(i)).value();
    auto none = bus.subscriber<Number>("late").value();
    auto some = bus.subscriber<Number>("late", {.reliable = true, .history = 3}).value();
    auto most = bus.subscriber<Number>("late", {.history = 1000}).value();
    EXPECT_EQ(none.try_receive().error(), bus::Errc::would_block);
    for (std::uint64_t i = 98; i <= 100; ++i) EXPECT_EQ(some.receive_for(patience()).value().message().value(), i);
    EXPECT_EQ(some.lost(), 0u);
    EXPECT_EQ(most.receive_for(patience()).value().message().value(), 91u);
}

TEST_F(PubSub, GoesOnWhereAPositionWasTaken) {
    auto publisher = bus.publisher<Number>("resume").value();
    bus::Position position;
    {
        auto first = bus.subscriber<Number>("resume").value();
        for (std::uint64_t i = 1; i <= 10; ++i) (void)publisher.publish(number(i)).value();
        for (int i = 0; i < 4; ++i) (void)first.receive_for(patience()).value();
        position = first.position();
    }
    auto second = bus.subscriber<Number>("resume", {.start = position}).value();
    EXPECT_EQ(second.receive_for(patience()).value().message().value(), 5u);
    auto third = bus.subscriber<Number>("resume", {.start_sequence = 8}).value();
    EXPECT_EQ(third.receive_for(patience()).value().message().value(), 8u);
}

TEST_F(PubSub, CarriesBytesPlainStructsAndAny) {
    auto bytes = bus.subscriber<bus::Bytes>("bytes").value();
    auto structs = bus.subscriber<imu::Sample>("imu").value();
    auto any = bus.subscriber<bus::Any>("**").value();
    auto text_publisher = bus.publisher<bus::Bytes>("bytes").value();
    auto imu_publisher = bus.publisher<imu::Sample>("imu").value();
    (void)text_publisher.publish(std::string_view("plain bytes")).value();
    (void)text_publisher.publish(std::string_view()).value();
    (void)imu_publisher.publish({.t = 1.5, .accel = {0, 0, 9.8F}}).value();
    EXPECT_EQ(bytes.receive_for(patience()).value().message().text(), "plain bytes");
    EXPECT_EQ(bytes.receive_for(patience()).value().message().size(), 0u);
    auto const sample = structs.receive_for(patience()).value();
    EXPECT_EQ(sample.message().t, 1.5);
    EXPECT_EQ(sample.message().accel[2], 9.8F);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&sample.message()) % 64, 0u);
    std::map<std::string, std::string> types;
    for (int i = 0; i < 3; ++i) {
        auto const one = any.receive_for(patience()).value();
        types[std::string(one.info().topic)] = one.message().type();
    }
    EXPECT_EQ(types, (std::map<std::string, std::string>{{"bytes", ""}, {"imu", "imu.Sample.v1"}}));
}

TEST_F(PubSub, DecodesWithoutKnowingTheType) {
    auto any = bus.subscriber<bus::Any>("text/*").value();
    auto publisher = bus.publisher<Text>("text/a").value();
    Text text;
    text.set_value("hello");
    (void)publisher.publish(text).value();
    std::shared_ptr<google::protobuf::Message const> kept;
    {
        auto const sample = any.receive_for(patience()).value();
        EXPECT_EQ(sample.message().type(), "google.protobuf.StringValue");
        EXPECT_EQ(sample.message().as<Text>().value().value(), "hello");
        EXPECT_EQ(sample.message().as<Number>().error(), bus::Errc::schema_mismatch);
        EXPECT_EQ(sample.message().json().value(), "\"hello\"");
        ASSERT_NE(sample.message().descriptor(), nullptr);
        kept = sample.message().dynamic().value();
    }
    EXPECT_EQ(kept->SerializeAsString(), text.SerializeAsString());
}

TEST_F(PubSub, PublishesAnyOfAGivenSchemaWithItsOrigin) {
    auto subscriber = bus.subscriber<Text>("replay").value();
    auto publisher = bus.publisher<bus::Any>("replay", {.schema = bus::Schema::of(*Text::descriptor()).value()}).value();
    Text text;
    text.set_value("again");
    bus::Origin const origin{.publisher = 9, .sequence = 7, .sent = bus::SentTime(5s), .host = "elsewhere"};
    (void)publisher.publish(text, {.origin = origin}).value();
    EXPECT_EQ(publisher.publish(number(1)).error(), bus::Errc::schema_mismatch);
    auto const sample = subscriber.receive_for(patience()).value();
    EXPECT_EQ(sample.message().value(), "again");
    ASSERT_TRUE(sample.info().origin);
    EXPECT_EQ(sample.info().origin->publisher, 9u);
    EXPECT_EQ(sample.info().origin->sequence, 7u);
    EXPECT_EQ(sample.info().origin->sent, bus::SentTime(5s));
    EXPECT_EQ(sample.info().origin->host, "elsewhere");
    EXPECT_EQ(bus.publisher<bus::Any>("replay2").error(), bus::Errc::invalid);
}

TEST_F(PubSub, LendsRoomOnceAtATime) {
    auto subscriber = bus.subscriber<bus::Bytes>("loans", {.reliable = true}).value();
    auto publisher = bus.publisher<bus::Bytes>("loans").value();
    {
        auto loan = publisher.loan(1000).value();
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(loan.bytes().data()) % 64, 0u);
        EXPECT_EQ(publisher.loan(10).error(), bus::Errc::would_block);
        EXPECT_EQ(publisher.publish(std::string_view("no")).error(), bus::Errc::would_block);
        std::memset(loan.bytes().data(), 'x', 500);
        EXPECT_EQ(loan.publish(1001).error(), bus::Errc::invalid);
        EXPECT_EQ(loan.publish(500).value(), 1u);
        EXPECT_EQ(loan.publish(500).error(), bus::Errc::invalid);
    }
    { auto given_up = publisher.loan(1000).value(); }
    EXPECT_EQ(publisher.publish(std::string_view("next")).value(), 2u);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().text(), std::string(500, 'x'));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().text(), "next");
}

TEST_F(PubSub, EndsALoanThatOutlivesItsPublisher) {
    std::optional<bus::Loan<bus::Bytes>> loan;
    {
        auto publisher = bus.publisher<bus::Bytes>("orphan").value();
        loan.emplace(publisher.loan(10).value());
    }
    EXPECT_EQ(loan->publish(10).error(), bus::Errc::closed);
}

TEST_F(PubSub, PublishesABatchWholeOrNotAtAll) {
    auto subscriber = bus.subscriber<Number>("batch", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("batch", {.ring_bytes = 4096, .when_full = bus::WhenFull::refuse}).value();
    std::vector<Number> batch;
    for (std::uint64_t i = 0; i < 10; ++i) batch.push_back(number(i));
    EXPECT_EQ(publisher.publish_batch(batch).value(), 10u);
    std::vector<Number> const huge(1000, number(1));
    EXPECT_EQ(publisher.publish_batch(huge).error(), bus::Errc::too_large);
    EXPECT_EQ(publisher.publish_batch({}).error(), bus::Errc::invalid);
    std::uint64_t published = 10;
    while (publisher.publish_batch(batch)) published += 10;
    EXPECT_EQ(publisher.publish_batch(batch).error(), bus::Errc::would_block);
    for (std::uint64_t i = 0; i < published; ++i) ASSERT_EQ(subscriber.try_receive().value().message().value(), i % 10);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_EQ(publisher.publish_batch(batch).value(), published + 10);
}

TEST_F(PubSub, RefusesWhatDoesNotFit) {
    auto publisher = bus.publisher<bus::Bytes>("big", {.ring_bytes = 65536}).value();
    EXPECT_GT(publisher.max_message_bytes(), 16000u);
    EXPECT_LE(publisher.max_message_bytes(), 16384u);
    auto subscriber = bus.subscriber<bus::Bytes>("big", {.reliable = true}).value();
    std::string const largest = content(1, publisher.max_message_bytes());
    EXPECT_EQ(publisher.publish(std::string_view(largest)).value(), 1u);
    for (auto const bytes : {largest.size() + 1, std::size_t{65536}, std::size_t{1} << 20}) {
        std::string const text(bytes, 'x');
        auto const refused = publisher.publish(std::string_view(text));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), bus::Errc::too_large);
        EXPECT_NE(refused.error().what().find(std::to_string(bytes)), std::string::npos);
        EXPECT_EQ(publisher.loan(bytes).error(), bus::Errc::too_large);
    }
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().text(), largest);
    EXPECT_EQ(bus.publisher<bus::Bytes>("big", {.ring_bytes = 0}).error(), bus::Errc::invalid);
    auto small = bus.publisher<bus::Bytes>("small", {.ring_bytes = 1}).value();
    EXPECT_GT(small.max_message_bytes(), 900u);
}

TEST_F(PubSub, SaysOnceThatAMessageDoesNotParse) {
    auto subscriber = bus.subscriber<Number>("rubbish", {.reliable = true}).value();
    auto publisher = bus.publisher<Number>("rubbish").value();
    std::string const no_number = "\xff\xff\xff";
    (void)publisher.publish_bytes(std::as_bytes(std::span(no_number))).value();
    (void)publisher.publish(number(5)).value();
    auto const bad = subscriber.receive_for(patience());
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), bus::Errc::invalid);
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 5u);
    ASSERT_EQ(subscriber.losses().size(), 1u);
    EXPECT_EQ(subscriber.losses().front().count, 1u);
    EXPECT_EQ(subscriber.losses().front().topic, "rubbish");
    google::protobuf::UninterpretedOption_NamePart incomplete;
    auto strict = bus.publisher<google::protobuf::UninterpretedOption_NamePart>("strict").value();
    EXPECT_EQ(strict.publish(incomplete).error(), bus::Errc::invalid);
}

TEST_F(PubSub, ChecksTheSizeOfAPlainStruct) {
    auto subscriber = bus.subscriber<imu::Other>("liar").value();
    auto publisher = bus.publisher<imu::Sample>("liar").value();
    (void)publisher.publish({}).value();
    EXPECT_EQ(subscriber.receive_for(patience()).error(), bus::Errc::invalid);
    std::array<std::byte, 3> const three{};
    EXPECT_EQ(publisher.publish_bytes(three).error(), bus::Errc::invalid);
}

TEST_F(PubSub, RefusesImpossibleNamesAndOptions) {
    EXPECT_EQ(bus.publisher<Number>("").error(), bus::Errc::invalid);
    EXPECT_EQ(bus.publisher<Number>("a/*").error(), bus::Errc::invalid);
    EXPECT_EQ(bus.publisher<Number>("$bus/x").error(), bus::Errc::invalid);
    EXPECT_EQ(bus.subscriber<Number>("a//b").error(), bus::Errc::invalid);
    EXPECT_EQ(bus.subscriber<Number>("x", {.reliable = true, .observe = true}).error(), bus::Errc::invalid);
    EXPECT_EQ(bus.subscriber<Number>("x", {.start_sequence = 3, .start = {{1, 2}}}).error(), bus::Errc::invalid);
    auto one = bus.publisher<Number>("two").value();
    auto two = bus.publisher<Number>("two").value();
    EXPECT_EQ(bus.subscriber<Number>("two", {.start_sequence = 3}).error(), bus::Errc::invalid);
}

TEST_F(PubSub, KeepsSamplesAfterEverythingElseHasGone) {
    std::vector<bus::Sample<Text>> kept;
    {
        auto other = broker.connect("short").value();
        auto subscriber = other.subscriber<Text>("kept").value();
        auto publisher = other.publisher<Text>("kept").value();
        for (int i = 0; i < 10; ++i) {
            Text text;
            text.set_value(content(static_cast<std::uint64_t>(i), 100));
            (void)publisher.publish(text).value();
            kept.push_back(subscriber.receive_for(patience()).value());
        }
    }
    std::thread([&] {
        for (int i = 0; i < 10; ++i) {
            EXPECT_EQ(kept[static_cast<std::size_t>(i)].message().value(), content(static_cast<std::uint64_t>(i), 100));
            EXPECT_EQ(kept[static_cast<std::size_t>(i)].info().topic, "kept");
        }
        kept.clear();
    }).join();
}

TEST_F(PubSub, DrainsWhatAPublisherLeft) {
    auto subscriber = bus.subscriber<Number>("left", {.reliable = true}).value();
    for (std::uint64_t round = 0; round < 3; ++round) {
        auto publisher = bus.publisher<Number>("left").value();
        for (std::uint64_t i = 0; i < 100; ++i) (void)publisher.publish(number(round * 100 + i)).value();
    }
    std::vector<std::uint64_t> last(3);
    for (int i = 0; i < 300; ++i) {
        auto const value = subscriber.receive_for(patience()).value().message().value();
        EXPECT_EQ(value % 100, last[value / 100]++);
    }
    EXPECT_TRUE(eventually([&] { return subscriber.try_receive().error() == bus::Errc::would_block && subscriber.publishers() == 0; }));
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(PubSub, MergesSeveralPublishersFairly) {
    auto subscriber = bus.subscriber<Number>("many/*", {.reliable = true}).value();
    std::vector<bus::Publisher<Number>> publishers;
    for (int i = 0; i < 5; ++i) publishers.push_back(bus.publisher<Number>("many/" + std::to_string(i)).value());
    for (std::uint64_t i = 0; i < 1000; ++i)
        for (auto& publisher : publishers) (void)publisher.publish(number(i)).value();
    std::map<bus::PublisherId, std::uint64_t> next;
    for (int i = 0; i < 500; ++i) {
        auto const sample = subscriber.receive_for(patience()).value();
        EXPECT_EQ(sample.message().value(), next[sample.info().publisher]++);
    }
    EXPECT_EQ(next.size(), 5u) << "a tenth of what is there, and one publisher was not heard at all";
}

/// Who is heard among the next `count` messages.
std::set<bus::PublisherId> heard(bus::Subscriber<Number>& subscriber, std::size_t count) {
    std::set<bus::PublisherId> publishers;
    for (std::size_t i = 0; i < count; ++i) publishers.insert(subscriber.receive_for(patience()).value().info().publisher);
    return publishers;
}

TEST_F(PubSub, HearsThoseWhoSpokeBeforeWhileManyOthersHaveMore) {
    constexpr std::size_t kPublishers = 400, kBurst = 16;
    auto subscriber = bus.subscriber<Number>("many/*", {.reliable = true}).value();
    std::vector<bus::Publisher<Number>> publishers;
    for (std::size_t i = 0; i < kPublishers; ++i)
        publishers.push_back(bus.publisher<Number>("many/" + std::to_string(i), {.ring_bytes = 8192}).value());
    for (std::size_t i = 0; i < kPublishers; i += 4) (void)publishers[i].publish(number(1)).value();
    EXPECT_EQ(heard(subscriber, kPublishers / 4).size(), kPublishers / 4);
    for (std::size_t i = 0; i < 4 * kBurst; ++i)
        for (auto& publisher : publishers) (void)publisher.publish(number(i)).value();
    EXPECT_EQ(heard(subscriber, 2 * kPublishers * kBurst).size(), kPublishers);
}

TEST_F(PubSub, MergesFairlyWhoeverComesAndGoesMeanwhile) {
    constexpr std::size_t kPublishers = 20, kBurst = 16;
    auto subscriber = bus.subscriber<Number>("many/*", {.reliable = true}).value();
    std::vector<bus::Publisher<Number>> publishers;
    for (std::size_t i = 0; i < kPublishers; ++i) publishers.push_back(bus.publisher<Number>("many/" + std::to_string(i)).value());
    for (std::size_t i = 0; i < 10 * kBurst; ++i)
        for (auto& publisher : publishers) (void)publisher.publish(number(i)).value();
    std::set<bus::PublisherId> all;
    for (std::size_t i = 0; i < 2 * kPublishers; ++i) {
        auto const passing = bus.publisher<Number>("many/passing").value();
        all.merge(heard(subscriber, 2 * kBurst));
    }
    EXPECT_EQ(all.size(), kPublishers);
}

}  // namespace
