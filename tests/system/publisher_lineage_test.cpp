// A publisher whose bus was removed goes on in other rings: what it takes along, and what its subscribers know of its rings before.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "removed_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class PublisherLineage : public Return {
protected:
    void remove_and_expect_another_bus() {
        auto const before = segment_of_directory();
        ASSERT_GT(remove(), 5);
        expect_another_bus(before);
    }
};

std::vector<std::uint64_t> receive_until(bus::Subscriber<Number>& subscriber, std::uint64_t last) {
    std::vector<std::uint64_t> received;
    while (received.empty() || received.back() != last) {
        auto const sample = subscriber.receive_for(patience());
        EXPECT_TRUE(sample) << sample.error().what() << " after " << received.size();
        if (!sample) break;
        received.push_back(sample->message().value());
    }
    return received;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_F(PublisherLineage, SaysWhatWasPublishedOnABusThatWasRemovedBeforeTheSubscriberCame) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t").value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::uint64_t sent = 0, told = 0;
    here.on_event([&](bus::Event const& event) {
            if (event.kind == bus::Event::Kind::replaced) told += event.count;
        })
        .value();
    auto const publish = [&](int count) {
        for (int i = 0; i < count; ++i) ASSERT_TRUE(publisher.publish(number(++sent)));
    };
    publish(10);
    for (int i = 0; i < 2; ++i) {  // the subscriber makes no call all the while
        auto const before = segment_of_directory();
        ASSERT_GT(remove(), 5);
        expect_another_bus(before);
        publish(i == 0 ? 7 : 5);
    }
    std::vector<std::uint64_t> received;
    std::uint64_t lost_before = 0;
    while (received.empty() || received.back() < sent) {
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what() << " after " << received.size() << ", lost " << subscriber.lost();
        received.push_back(sample->message().value());
        lost_before += sample->info().lost_before;
    }
    EXPECT_EQ(received.size(), 15u);
    EXPECT_EQ(subscriber.lost(), 7u);
    EXPECT_EQ(lost_before, 7u);
    here.dispatch().value();
    EXPECT_EQ(told, 7u);
}

TEST_F(PublisherLineage, CarriesWhatIsRetainedOverToThoseWhoComeLaterAndNobodyGetsItTwice) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.history = 3, .retain = true}).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    for (int round = 0; round < 2; ++round) {
        auto const before = segment_of_directory();
        auto const id = publisher.id();
        ASSERT_GT(remove(), 5);
        expect_another_bus(before);
        EXPECT_TRUE(eventually([&] { return publisher.subscribers() == 0 && publisher.id() != id; }));  // and publishes nothing
        auto newcomer = broker.connect("newcomer").value();
        auto late = newcomer.subscriber<Number>("t", {.reliable = true}).value();
        for (std::uint64_t i = 3; i <= 5; ++i) {
            auto const sample = late.receive_for(patience());
            ASSERT_TRUE(sample) << sample.error().what() << ", " << i << " of round " << round;
            EXPECT_EQ(sample->message().value(), i);
        }
        EXPECT_EQ(late.try_receive().error(), bus::Errc::would_block);
        EXPECT_EQ(late.lost(), 0u);
    }
    ASSERT_TRUE(publisher.publish(number(6)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 6u);
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_EQ(publisher.dropped(), 0u);
}

TEST_F(PublisherLineage, CarriesOverHalfOfARingWithItsGapsAndStamps) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    bus::PublisherOptions const dropping{.ring_bytes = 8192, .retain = true, .when_full = bus::WhenFull::drop};
    auto publisher = there.publisher<Number>("t", dropping).value();
    std::uint64_t sent = 0;
    std::vector<std::uint64_t> before, after;
    {
        auto holding = here.subscriber<Number>("t", {.reliable = true}).value();
        publisher.wait_for_subscribers(1, patience()).value();
        while (publisher.dropped() < 3) ASSERT_TRUE(publisher.publish(number(++sent)));
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(holding.receive_for(patience()));
    }
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(eventually([&] {
            auto const dropped = publisher.dropped();
            return publisher.publish(number(++sent)) && publisher.dropped() == dropped;
        }));
    auto const dropped = publisher.dropped();
    auto const read_all = [&](std::vector<std::uint64_t>& into, std::vector<bus::SentTime>& times) {
        auto late = broker.connect("late").value().subscriber<Number>("t").value();
        while (into.empty() || into.back() < sent) {
            auto const sample = late.receive_for(patience());
            ASSERT_TRUE(sample) << sample.error().what();
            into.push_back(sample->message().value());
            times.push_back(sample->info().sent);
        }
    };
    std::vector<bus::SentTime> sent_before, sent_after;
    read_all(before, sent_before);
    auto const directory = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(directory);
    EXPECT_TRUE(eventually([&] { return publisher.subscribers() == 0 && bus::list_clients(broker.options()).value().size() == 1; }));
    read_all(after, sent_after);
    ASSERT_GE(before.size(), after.size());
    EXPECT_GE(after.size(), before.size() / 2 - 1);
    auto const rest = static_cast<std::ptrdiff_t>(before.size() - after.size());
    EXPECT_EQ(std::vector(before.begin() + rest, before.end()), after);
    EXPECT_EQ(std::vector(sent_before.begin() + rest, sent_before.end()), sent_after);
    EXPECT_EQ(publisher.dropped(), dropped);
}

TEST_F(PublisherLineage, LeavesRoomInAFullRingForThoseWhoAreStillToCome) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    bus::PublisherOptions const options{.ring_bytes = 1 << 16, .retain = true, .when_full = bus::WhenFull::drop};
    auto publisher = there.publisher<Number>("t", options).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        ASSERT_TRUE(publisher.publish(number(i)));
        ASSERT_EQ(subscriber.receive_for(patience()).value().message().value(), i);
    }
    remove_and_expect_another_bus();
    for (std::uint64_t i = 3001; i <= 3200; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    EXPECT_EQ(receive_until(subscriber, 3200).size(), 200u);
    EXPECT_EQ(publisher.dropped(), 0u);
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(PublisherLineage, OfSeveralRingsOnOneBusIsReadInItsOrder) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t").value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::uint64_t sent = 0;
    Numbers all;
    auto const publish = [&](int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(publisher.publish(number(++sent)));
            all.push_back(sent);
        }
    };
    publish(10);
    (void)receive_until(subscriber, 10);
    all.clear();
    auto const session = [&]() -> std::uint64_t {
        for (auto const& client : bus::list_clients(broker.options()).value())
            if (client.identity.name == "there") return client.id;
        return 0;
    };
    for (int i = 0; i < 2; ++i) {  // its session ends twice, the subscriber's stays
        auto const id = publisher.id();
        auto const cursors = bus::kernel_objects(broker.options()).value();
        for (auto const& object : cursors) {
            if (object.use != "cursors" || !object.exists || object.client != session()) continue;
            ASSERT_EQ(::shmctl(object.id, IPC_RMID, nullptr), 0);
        }
        ASSERT_TRUE(eventually([&] { return publisher.subscribers() <= 1 && publisher.id() != id; }));
        publish(5);
    }
    EXPECT_EQ(receive_until(subscriber, sent), all);
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(PublisherLineage, GivesNoHistoryToThoseWhoAskedForNone) {
    auto there = broker.connect("there").value();
    auto publisher = there.publisher<Number>("t", {.history = 3}).value();
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(publisher.publish(number(i)));
    remove_and_expect_another_bus();
    auto newcomer = broker.connect("newcomer").value();  // before the publisher
    auto none = newcomer.subscriber<Number>("t", {.reliable = true}).value();
    auto one = newcomer.subscriber<Number>("t", {.history = 1}).value();
    auto many = newcomer.subscriber<Number>("t", {.history = 100}).value();
    ASSERT_TRUE(publisher.publish(number(6)));
    EXPECT_EQ(receive_until(none, 6), Numbers{6});
    EXPECT_EQ(receive_until(one, 6), (Numbers{5, 6}));
    EXPECT_EQ(receive_until(many, 6), (Numbers{3, 4, 5, 6}));
    for (auto* const subscriber : {&none, &one, &many}) EXPECT_EQ(subscriber->lost(), 0u);
}

TEST_F(PublisherLineage, CountsOnceWhatItHadGivenUpLast) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    bus::PublisherOptions const options{.ring_bytes = 8192, .retain = true, .when_full = bus::WhenFull::drop};
    auto publisher = there.publisher<Number>("t", options).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::uint64_t sent = 0;
    while (publisher.dropped() < 3) ASSERT_TRUE(publisher.publish(number(++sent)));
    EXPECT_EQ(receive_until(subscriber, sent - 3).size(), sent - 3);
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_EQ(subscriber.lost(), 3u);
    auto const id = publisher.id();
    remove_and_expect_another_bus();
    EXPECT_TRUE(eventually([&] { return publisher.subscribers() <= 1 && publisher.id() != id; }));
    EXPECT_EQ(subscriber.try_receive().error(), bus::Errc::would_block);
    EXPECT_EQ(subscriber.lost(), 3u);
    ASSERT_TRUE(publisher.publish(number(++sent)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), sent);
    EXPECT_EQ(subscriber.lost(), 3u);
}

TEST_F(PublisherLineage, AccountsForEachMessageInAStormOfRemovals) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.ring_bytes = 1 << 16, .wait_for = 50ms}).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::atomic<std::uint64_t> sent = 0;
    std::atomic<int> buses = 0;
    std::uint64_t received = 0, last = 0;
    auto const receive = [&] {
        auto const sample = subscriber.receive_for(10ms);
        if (!sample) return;
        EXPECT_GT(sample->message().value(), std::exchange(last, sample->message().value())) << "after " << received;
        ++received;
    };
    {
        std::jthread const flooding([&](std::stop_token stop) {
            while (!stop.stop_requested())
                if (publisher.publish(number(sent + 1))) ++sent;
        });
        std::jthread const removing([&] {
            for (; buses < 12; ++buses) {
                auto const id = publisher.id();
                remove();
                EXPECT_TRUE(eventually([&, before = sent.load()] { return publisher.id() != id && sent > before + 100; }));
            }
        });
        while (buses < 12) {
            receive();
            if (received % 500 != 0) continue;
            EXPECT_TRUE(eventually([&, now = buses.load()] { return buses >= now + 2 || buses == 12; }));  // and makes no call meanwhile
        }
    }
    EXPECT_TRUE(eventually([&] {
        receive();
        return received + subscriber.lost() >= sent;
    }));
    EXPECT_EQ(received + subscriber.lost(), sent) << received << " received";
    EXPECT_EQ(last, sent);
}
