// Retained topics: what is kept of publishers that have gone, for who comes later.
#include <gtest/gtest.h>
#include <sys/shm.h>

#include <csignal>
#include <functional>
#include <optional>
#include <vector>

#include "shm/ring_layout.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

struct Got {
    std::uint64_t value, sequence;
    bus::PublisherId publisher;
};

class Retained : public testing::Test {
protected:
    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();

    static bus::PublisherOptions keeping(std::size_t history) { return {.ring_bytes = 4096, .history = history, .retain = true}; }

    /// Publishes [first, first + count) as a publisher of its own, which then goes.
    bus::PublisherId publish_and_go(std::uint64_t first, std::uint64_t count, bus::PublisherOptions const& options) {
        auto publisher = bus.publisher<Number>("t", options).value();
        for (std::uint64_t i = 0; i < count; ++i) EXPECT_TRUE(publisher.publish(number(first + i)));
        return publisher.id();
    }

    std::vector<Got> received(bus::SubscriberOptions const& options, std::string_view pattern = "t") {
        auto subscriber = bus.subscriber<Number>(pattern, options).value();
        std::vector<Got> all;
        while (auto const sample = subscriber.try_receive())
            all.push_back({sample->message().value(), sample->info().sequence, sample->info().publisher});
        EXPECT_EQ(subscriber.lost(), 0u);
        return all;
    }
    static std::vector<std::uint64_t> values_of(std::vector<Got> const& all) {
        std::vector<std::uint64_t> values;
        for (auto const& got : all) values.push_back(got.value);
        return values;
    }
    std::size_t rings() { return bus::topic_detail("t", broker.options()).value().publishers.size(); }
    /// Whether what went is in one ring by now: a publisher's going is asked for, and done a moment later.
    testing::AssertionResult folded_into(std::size_t count) {
        if (eventually([&] { return rings() == count; })) return testing::AssertionSuccess();
        return testing::AssertionFailure() << rings() << " rings";
    }
};

std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> all;
    for (auto value = first; value <= last; ++value) all.push_back(value);
    return all;
}

// A publisher that dies writing leaves what is retained to be found by the index: one block is not enough for that.
TEST_F(Retained, RingsHaveTwoBlocksAtLeast) {
    auto const retained = bus.publisher<Number>("t", {.ring_bytes = 4096, .retain = true}).value();
    auto const other = bus.publisher<Number>("other", {.ring_bytes = 4096}).value();
    EXPECT_EQ(bus::topic_detail("t", broker.options()).value().publishers.at(0).ring_bytes, 8192U);
    EXPECT_EQ(bus::topic_detail("other", broker.options()).value().publishers.at(0).ring_bytes, 4096U);
}

TEST_F(Retained, OutlivesItsPublisher) {
    auto const id = publish_and_go(1, 20, keeping(5));
    ASSERT_TRUE(folded_into(1));
    auto const all = received({.history = 100});
    EXPECT_EQ(values_of(all), range(16, 20));
    for (auto const& got : all) EXPECT_EQ(got.publisher, id);
    EXPECT_EQ(values_of(received({.history = 2})), range(19, 20));
    EXPECT_EQ(values_of(received({})), range(16, 20)) << "asked for or not: it is kept for whoever comes";
    EXPECT_EQ(values_of(received({.history = 100}, "**")), range(16, 20));
}

TEST_F(Retained, KeepsItsLastMessagesInAllWhoeverSentThem) {
    auto const first = publish_and_go(1, 3, keeping(5));
    auto const second = publish_and_go(4, 1, keeping(5));
    auto const third = publish_and_go(5, 3, keeping(5));
    ASSERT_TRUE(folded_into(1)) << "three publishers that have gone leave one ring";
    auto const kept = bus::topic_detail("t", broker.options()).value().publishers[0];
    EXPECT_TRUE(kept.kept && kept.left && kept.retain);
    EXPECT_EQ(kept.sequence, 5u);
    auto const all = received({.history = 100});
    ASSERT_EQ(values_of(all), range(3, 7));
    EXPECT_EQ(all[0].publisher, first);
    EXPECT_EQ(all[0].sequence, 3u) << "publisher and number are kept";
    EXPECT_EQ(all[1].publisher, second);
    EXPECT_EQ(all[1].sequence, 1u);
    EXPECT_EQ(all[4].publisher, third);
    EXPECT_EQ(all[4].sequence, 3u);
}

TEST_F(Retained, CountsWhatALivePublisherHasSentSince) {
    publish_and_go(1, 5, keeping(5));
    auto publisher = bus.publisher<Number>("t", keeping(5)).value();
    ASSERT_TRUE(publisher.publish(number(6)));
    ASSERT_TRUE(publisher.publish(number(7)));
    EXPECT_EQ(values_of(received({.history = 100})), range(3, 7));
    for (std::uint64_t value = 8; value <= 20; ++value) ASSERT_TRUE(publisher.publish(number(value)));
    EXPECT_EQ(values_of(received({.history = 100})), range(16, 20));
    EXPECT_EQ(values_of(received({.reliable = true, .history = 3})), range(18, 20));
}

TEST_F(Retained, OfSeveralLivePublishersIsTheLastOfAllInTheOrderOfTheirTimes) {
    auto one = bus.publisher<Number>("t", keeping(4)).value();
    auto two = bus.publisher<Number>("t", keeping(4)).value();
    for (std::uint64_t value = 1; value <= 10; ++value) ASSERT_TRUE((value % 3 == 0 ? one : two).publish(number(value)));
    auto all = values_of(received({.history = 100}));
    std::ranges::sort(all);
    EXPECT_EQ(all, range(7, 10));
}

TEST_F(Retained, IsReadToTheEndByThoseWhoWereThereAndKeptForOthers) {
    auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    publish_and_go(1, 10, keeping(2));
    publish_and_go(11, 10, keeping(2));
    EXPECT_EQ(values_of(received({.history = 100})), range(19, 20));
    for (std::uint64_t value = 1; value <= 20; ++value)
        ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), value) << "everything, not the last two";
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({.history = 100})), range(19, 20));
}

TEST_F(Retained, IsGoneOnWithWhereAPositionWasTaken) {
    publish_and_go(1, 3, keeping(10));
    publish_and_go(4, 3, keeping(10));
    ASSERT_TRUE(folded_into(1));
    bus::Position position;
    {
        auto subscriber = bus.subscriber<Number>("t", {.history = 100}).value();
        for (std::uint64_t value = 1; value <= 5; ++value) ASSERT_EQ(subscriber.try_receive().value().message().value(), value);
        position = subscriber.position();
        ASSERT_TRUE(subscriber.try_receive());
        ASSERT_FALSE(subscriber.try_receive());
        EXPECT_EQ(subscriber.position().size(), 2u) << "also when all is read, and the ring let go";
    }
    EXPECT_EQ(position.size(), 2u) << "by publisher, not by ring";
    publish_and_go(7, 2, keeping(10));
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({.start = position})), range(6, 8)) << "nothing twice, nothing left out";
}

TEST_F(Retained, CountsWhatIsMissingWhereItIsGoneOnWith) {
    auto const first = publish_and_go(1, 100, keeping(4));
    publish_and_go(101, 2, keeping(4));
    ASSERT_TRUE(folded_into(1));
    auto subscriber = bus.subscriber<Number>("t", {.start = {{first, 3}}}).value();
    auto const sample = subscriber.try_receive().value();
    EXPECT_EQ(sample.info().sequence, 99u);
    EXPECT_EQ(sample.info().lost_before, 95u) << "4 to 98";
    ASSERT_TRUE(subscriber.try_receive());
    EXPECT_EQ(subscriber.try_receive().value().info().lost_before, 0u) << "of a publisher that it knew nothing of";
    EXPECT_EQ(subscriber.lost(), 95u);
    ASSERT_EQ(subscriber.losses().size(), 1u);
    EXPECT_EQ(subscriber.losses()[0].publisher, first);
    EXPECT_NE(subscriber.losses()[0].why.find("before it came"), std::string::npos);
    EXPECT_EQ(bus.subscriber<Number>("t", {.start_sequence = 3}).error(), bus::Errc::invalid) << "of whom?";
}

TEST_F(Retained, TakesWhatIsNotStampedForNew) {
    publish_and_go(1, 5, keeping(5));
    auto options = keeping(5);
    options.stamp = bus::Stamp::none;
    {
        auto publisher = bus.publisher<Number>("t", options).value();
        for (std::uint64_t value = 6; value <= 8; ++value) ASSERT_TRUE(publisher.publish(number(value)));
        EXPECT_EQ(values_of(received({})), range(4, 8)) << "while it lives";
    }
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({})), range(4, 8));
    publish_and_go(9, 1, options);
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({})), range(5, 9));
}

TEST_F(Retained, CountsMessagesNotNumbersThatWereGivenUp) {
    auto reader = std::make_optional(bus.subscriber<Number>("t", {.reliable = true}).value());
    auto options = keeping(5);
    options.ring_bytes = 1 << 16;
    options.when_full = bus::WhenFull::drop;
    {
        auto publisher = bus.publisher<Number>("t", options).value();
        std::uint64_t value = 0;
        while (publisher.dropped() < 100) ASSERT_TRUE(publisher.publish(number(++value)));
        while (reader->try_receive()) continue;
        ASSERT_TRUE(publisher.publish(number(1'000'000)));
        auto subscriber = bus.subscriber<Number>("t").value();
        std::vector<std::uint64_t> all;
        while (auto const sample = subscriber.try_receive()) all.push_back(sample->message().value());
        EXPECT_EQ(all.size(), 5u);
        EXPECT_EQ(all.back(), 1'000'000u);
        EXPECT_EQ(subscriber.lost(), 100u) << "and it knows that there were more";
    }
    reader.reset();
    publish_and_go(1'000'001, 1, keeping(5));
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({})).size(), 5u);
}

TEST_F(Retained, IsAlignedAsAnyMessage) {
    publish_and_go(1, 3, keeping(5));
    publish_and_go(4, 1, keeping(5));
    ASSERT_TRUE(folded_into(1));
    auto subscriber = bus.subscriber<Number>("t").value();
    while (auto const sample = subscriber.try_receive()) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(sample->bytes().data()) % 64, 0u);
}

TEST_F(Retained, NeedsNoMoreMemoryForEachBusdThatComes) {
    std::optional<std::size_t> objects;
    for (std::uint64_t round = 0; round < 5; ++round) {
        publish_and_go(1 + 2 * round, 1, keeping(5));
        publish_and_go(2 + 2 * round, 1, keeping(5));
        ASSERT_TRUE(folded_into(1));
        broker.kill();
        broker.restart();
        ASSERT_TRUE(broker.connect("newcomer")) << "it serves";
        if (round == 1) objects = bus::kernel_objects(broker.options()).value().size();
    }
    EXPECT_TRUE(eventually([&] { return bus::kernel_objects(broker.options()).value().size() <= *objects; }));
}

TEST_F(Retained, KeepsWhoSentItFirst) {
    {
        auto publisher = bus.publisher<Number>("t", keeping(10)).value();
        ASSERT_TRUE(publisher.publish(number(1), {.origin = bus::Origin{.publisher = 77, .sequence = 88, .host = "elsewhere"}}));
    }
    publish_and_go(2, 1, keeping(10));
    ASSERT_TRUE(folded_into(1));
    auto subscriber = bus.subscriber<Number>("t", {.history = 100}).value();
    auto const first = subscriber.try_receive().value();
    ASSERT_TRUE(first.info().origin);
    EXPECT_EQ(first.info().origin->publisher, 77u);
    EXPECT_EQ(first.info().origin->sequence, 88u);
    EXPECT_EQ(first.info().origin->host, "elsewhere");
    EXPECT_GT(first.info().sent_steady.time_since_epoch().count(), 0);
    auto const second = subscriber.try_receive().value();
    EXPECT_FALSE(second.info().origin);
    EXPECT_EQ(second.info().sequence, 1u);
}

BUS_TEST_ROLE(crashing_publisher) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("t", {.history = 5, .retain = true}).value();
    for (long i = 0; i < role.number(3); ++i)
        role.require(publisher.publish(number(static_cast<std::uint64_t>(role.number(2) + i))).has_value(), "publish");
    role.say("published");
    (void)role.hear();
    return 0;
}

TEST_F(Retained, LeavesNoPileOfRingsWhenItsPublisherCrashesAgainAndAgain) {
    constexpr std::uint64_t kCrashes = 20;
    std::optional<std::size_t> segments;
    auto const count_segments = [&] {
        std::size_t count = 0;
        for (auto const& object : bus::kernel_objects(broker.options()).value()) count += object.kind == bus::KernelObject::Kind::segment;
        return count;
    };
    for (std::uint64_t crash = 0; crash < kCrashes; ++crash) {
        auto child = run_role("crashing_publisher", on(broker, {std::to_string(1 + crash * 2), "2"}));
        ASSERT_TRUE(child.expect_line("published"));
        child.kill(SIGKILL);
        ASSERT_TRUE(eventually([&] { return bus.clients().value().size() == 1 && rings() == 1; }));
        if (crash == 2) segments = count_segments();
    }
    EXPECT_TRUE(eventually([&] { return count_segments() <= *segments; })) << count_segments() << " after " << *segments;
    EXPECT_EQ(values_of(received({.history = 100})), range(2 * kCrashes - 4, 2 * kCrashes));
}

TEST_F(Retained, IsKeptByTheNextBusdToo) {
    publish_and_go(1, 3, keeping(5));
    publish_and_go(4, 3, keeping(5));
    ASSERT_TRUE(folded_into(1));
    broker.kill();
    EXPECT_EQ(bus::topic_detail("t", broker.options()).value().publishers.size(), 1u);
    broker.restart();
    EXPECT_EQ(values_of(received({.history = 100})), range(2, 6));
    publish_and_go(7, 1, keeping(5));
    ASSERT_TRUE(folded_into(1));
    EXPECT_EQ(values_of(received({.history = 100})), range(3, 7));
}

TEST_F(Retained, IsWholeWheneverBusdDies) {
    std::uint64_t next = 1;
    for (int round = 0; round < 25; ++round) {
        auto child = run_role("crashing_publisher", on(broker, {std::to_string(next), "2"}));
        ASSERT_TRUE(child.expect_line("published"));
        next += 2;
        child.kill(SIGKILL);
        for (int pause = 0; pause < round * 400; ++pause) (void)broker.pid();  // busd dies a little later each time
        broker.kill();
        broker.restart();
        ASSERT_TRUE(eventually([&] { return bus.clients().value().size() == 1; }));
        auto const all = values_of(received({.history = 100}));
        ASSERT_EQ(all, range(next > 6 ? next - 5 : 1, next - 1)) << "round " << round;
    }
}

TEST_F(Retained, HoldsAsMuchAsARingOfItsPublishersWhereNoHistoryIsNamed) {
    for (std::uint64_t value = 1; value <= 400; value += 20) publish_and_go(value, 20, {.ring_bytes = 4096, .retain = true});
    ASSERT_TRUE(folded_into(1));
    auto const all = values_of(received({.history = 1000}));
    EXPECT_GT(all.size(), 20u);
    EXPECT_LT(all.size(), 200u);
    EXPECT_EQ(all, range(401 - all.size(), 400));
}

TEST_F(Retained, IsRemovedWithItsTopic) {
    publish_and_go(1, 3, keeping(5));
    publish_and_go(4, 3, keeping(5));
    ASSERT_TRUE(folded_into(1));
    EXPECT_TRUE(broker.stop().empty()) << "and nothing is left of it when the bus ends";
}

/// What a publisher can do to its own ring: change the head of its first record.
void tamper(bus::testing::LocalBroker const& broker, bus::PublisherId publisher, auto&& change) {
    for (auto const& object : bus::kernel_objects(broker.options()).value()) {
        if (object.use != "arena") continue;
        auto* const arena = static_cast<std::byte*>(::shmat(object.id, nullptr, 0));
        for (std::size_t offset = bus::shm::kPage; offset + bus::shm::kPage <= object.bytes; offset += bus::shm::kPage) {
            auto& ring = *reinterpret_cast<bus::shm::RingHead*>(arena + offset);
            if (ring.magic_version != (bus::shm::kRingMagic | bus::shm::kLayoutVersion) || ring.ring_id != publisher) continue;
            change(ring, *reinterpret_cast<bus::shm::RecordHead*>(arena + offset + ring.data_offset));
        }
        ::shmdt(arena);
    }
}

TEST_F(Retained, SurvivesWhateverAPublisherWroteIntoItsOwnRing) {
    using Ring = bus::shm::RingHead;
    using Record = bus::shm::RecordHead;
    constexpr std::uint16_t kLongest = 0xFFE0;
    std::vector<std::function<void(Ring&, Record&)>> const changes{
        [](Ring&, Record& record) { record.extension_bytes = kLongest, record.bytes -= kLongest; },
        [](Ring&, Record& record) { record.bytes = 0xFFFF'FFFF; },
        [](Ring&, Record& record) { record.sequence = ~std::uint64_t{0}; },
        [](Ring&, Record& record) { record.sent_steady_ns = ~std::uint64_t{0}; },
        [](Ring&, Record& record) { record.kind = bus::shm::RecordKind::none; },
        [](Ring& ring, Record&) { ring.history = ~std::uint64_t{0}; },
        [](Ring& ring, Record&) { ring.tail = ~std::uint64_t{0}; },
        [](Ring& ring, Record&) { ring.tail = std::uint64_t{1} << 40; },
        [](Ring& ring, Record&) { ring.capacity = std::uint64_t{1} << 40; },
    };
    for (auto const& change : changes) {
        publish_and_go(1, 3, keeping(5));
        {
            auto publisher = bus.publisher<Number>("t", {.ring_bytes = 1 << 20, .history = 5, .retain = true}).value();
            {
                auto loan = publisher.loan(200'000).value();
                std::ranges::fill(loan.bytes(), std::byte{0});
                ASSERT_TRUE(loan.publish(200'000));
            }
            tamper(broker, publisher.id(), change);
        }
        publish_and_go(7, 1, keeping(5));
        ASSERT_TRUE(eventually([&] { return rings() <= 1; }));
        auto subscriber = bus.subscriber<bus::Bytes>("t").value();
        std::optional<bus::Sample<bus::Bytes>> last;
        while (auto sample = subscriber.try_receive()) last.emplace(std::move(*sample));
        ASSERT_TRUE(broker.connect("newcomer")) << "busd lives";
    }
}

TEST_F(Retained, SurvivesRubbishInTheRingOfOneThatWent) {
    publish_and_go(1, 3, keeping(5));
    {
        auto raw = bus.publisher<bus::Bytes>("other", {.ring_bytes = 4096, .history = 5, .retain = true}).value();
        ASSERT_TRUE(raw.publish(std::string_view("x")));
    }
    {
        auto raw = bus.publisher<bus::Bytes>("other", {.ring_bytes = 4096, .history = 5, .retain = true}).value();
        auto loan = raw.loan(512).value();
        std::ranges::fill(loan.bytes(), std::byte{0xFF});
        ASSERT_TRUE(loan.publish(512));
    }
    auto subscriber = bus.subscriber<bus::Bytes>("other", {.history = 9}).value();
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().text(), "x");
    EXPECT_EQ(subscriber.receive_for(patience()).value().bytes().size(), 512u);
    EXPECT_EQ(values_of(received({.history = 9})), range(1, 3));
}

}  // namespace
