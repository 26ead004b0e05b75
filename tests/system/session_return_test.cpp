// Sessions whose objects somebody removes (ipcrm, RemoveIPC) come back by themselves, and what was published meanwhile is counted.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "removed_bus.hpp"
#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"
#include "support/on_bus.hpp"
#include "sys/file.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

// Publishes 1, 2, 3 ... until it is stopped.
std::jthread flood(bus::Publisher<Number>& publisher, std::atomic<std::uint64_t>& sent) {
    return std::jthread([&](std::stop_token stop) {
        while (!stop.stop_requested()) {
            auto const published = publisher.publish(number(sent + 1));
            if (published.error() == bus::Errc::timeout) continue;  // nobody reads just now
            ASSERT_TRUE(published) << published.error().what();
            ++sent;
        }
    });
}

}  // namespace

TEST_F(Return, OfAllAfterIpcrmInTrafficLosesNothingThatAReliableReaderWasToGet) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.ring_bytes = 1 << 16, .wait_for = 50ms}).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::atomic<std::uint64_t> sent = 0;
    std::uint64_t received = 0;
    {
        auto const flooding = flood(publisher, sent);
        auto const receive = [&](std::uint64_t messages) {
            for (std::uint64_t i = 0; i < messages; ++i) {
                auto const sample = subscriber.receive_for(patience());
                ASSERT_TRUE(sample) << sample.error().what() << " after " << received;
                ASSERT_EQ(sample->message().value(), ++received);
            }
        };
        for (int round = 0; round < 5; ++round) {
            receive(1000);
            auto const before = segment_of_directory();
            auto const id = publisher.id();
            ASSERT_GT(remove(), 5);
            while (publisher.id() == id && !HasFatalFailure()) receive(1);
            receive(1000);
            expect_another_bus(before);
        }
    }
    while (received < sent) {
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        ASSERT_EQ(sample->message().value(), ++received);
    }
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().size() == 2; }));
}

TEST_F(Return, OfABestEffortReaderCountsWhatItMissed) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.ring_bytes = 4096}).value();
    auto subscriber = here.subscriber<Number>("t").value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::uint64_t sent = 0, received = 0, last = 0;
    auto const publish = [&](int messages) {
        for (int i = 0; i < messages; ++i) ASSERT_TRUE(publisher.publish(number(++sent)));
    };
    publish(500);
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    publish(500);  // the subscriber sleeps over all of it
    publish(1);
    while (last < sent) {
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        EXPECT_GT(sample->message().value(), last);
        last = sample->message().value();
        ++received;
    }
    EXPECT_EQ(received + subscriber.lost(), sent);
    EXPECT_GT(subscriber.lost(), 500u);
}

TEST_F(Return, HappensWhenTheNextBusdServesWhereNoneLivedToSeeTheRemoval) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t").value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    auto const id = publisher.id();
    broker.kill();
    ASSERT_GT(remove(), 5);
    std::uint64_t sent = 0, received = 0;
    auto const pass_one_on = [&] {
        ASSERT_TRUE(publisher.publish(number(++sent)));
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        ASSERT_EQ(sample->message().value(), ++received);
    };
    for (int i = 0; i < 100; ++i) pass_one_on();  // what they have mapped stays theirs
    broker.restart();
    EXPECT_TRUE(eventually([&] {
        pass_one_on();
        return publisher.id() != id;
    }));
    for (int i = 0; i < 100; ++i) pass_one_on();
    EXPECT_EQ(subscriber.lost(), 0u);
    EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().size() == 2; }));
}

TEST_F(Return, OfOneSessionAloneGoesOnBehindItsLastMessage) {
    auto there = broker.connect("there").value();
    auto publisher = there.publisher<Number>("t").value();
    auto here = broker.connect("here").value();
    auto subscriber = here.subscriber<Number>("t").value();
    publisher.wait_for_subscribers(1, patience()).value();
    ASSERT_TRUE(publisher.publish(number(1)));
    EXPECT_EQ(subscriber.receive_for(patience()).value().message().value(), 1u);
    auto const id = publisher.id();
    ASSERT_EQ(remove("cursors"), 2);
    std::uint64_t sent = 1;
    EXPECT_TRUE(eventually([&] {
        auto const published = publisher.publish(number(++sent));
        EXPECT_TRUE(published) << published.error().what();
        return !published || publisher.id() != id;
    }));
    for (std::uint64_t last = 1; last < sent;) {
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        EXPECT_EQ(sample->message().value(), ++last);
    }
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(Return, KeepsTheDescriptorAProgramWaitsFor) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t").value();
    auto subscriber = here.subscriber<Number>("t").value();
    publisher.wait_for_subscribers(1, patience()).value();
    int const fd = subscriber.fd();
    bus::sys::FileDescriptor const set(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{.events = EPOLLIN, .data = {}};
    ASSERT_EQ(::epoll_ctl(set.fd(), EPOLL_CTL_ADD, fd, &event), 0);
    std::uint64_t received = 0;
    auto const receive_by_epoll = [&](std::uint64_t until) {
        while (received < until) {
            ASSERT_EQ(::epoll_wait(set.fd(), &event, 1, static_cast<int>(patience().count())), 1);
            while (auto const sample = subscriber.try_receive()) ASSERT_EQ(sample->message().value(), ++received);
        }
    };
    ASSERT_TRUE(publisher.publish(number(1)));
    receive_by_epoll(1);
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    for (std::uint64_t i = 2; i <= 10; ++i) {
        ASSERT_TRUE(publisher.publish(number(i)));
        receive_by_epoll(i);
    }
    EXPECT_EQ(subscriber.fd(), fd);
}

TEST_F(Return, KeepsCallbacksTimersAndEvents) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t").value();
    auto subscriber = here.subscriber<Number>("t").value();
    std::uint64_t received = 0, ticks = 0, replaced = 0;
    subscriber.on_sample([&](auto sample) { received = sample.message().value(); }).value();
    auto const timer = here.every(1ms, [&] { ++ticks; }).value();
    here.on_event([&](bus::Event const& event) { replaced += event.kind == bus::Event::Kind::replaced; }).value();
    std::jthread const running([&](std::stop_token stop) { EXPECT_TRUE(here.run(stop)); });
    publisher.wait_for_subscribers(1, patience()).value();
    ASSERT_TRUE(publisher.publish(number(1)));
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    ASSERT_TRUE(publisher.publish(number(2)));
    bool const came = eventually([&] { return bus::list_clients(broker.options()).value().size() == 2; });
    EXPECT_TRUE(came);
    EXPECT_TRUE(publisher.wait_for_subscribers(1, patience()));
}

TEST_F(Return, OfAPublisherThatWaitsForRoomEndsItsWait) {
    auto there = broker.connect("there").value(), here = broker.connect("here").value();
    auto publisher = there.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = 5s}).value();
    auto subscriber = here.subscriber<Number>("t", {.reliable = true}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::atomic<std::uint64_t> sent = 0;
    auto flooding = flood(publisher, sent);
    std::uint64_t stood = 0;
    EXPECT_TRUE(eventually([&] { return std::exchange(stood, sent.load()) == sent && sent > 0; }));
    auto const before = segment_of_directory();
    ASSERT_GT(remove(), 5);
    expect_another_bus(before);
    EXPECT_TRUE(eventually([&] { return sent > stood; }));
    flooding.request_stop();
    for (std::uint64_t received = 0; received < sent;) {
        auto const sample = subscriber.receive_for(patience());
        ASSERT_TRUE(sample) << sample.error().what();
        ASSERT_EQ(sample->message().value(), ++received);
    }
    EXPECT_EQ(subscriber.lost(), 0u);
}

TEST_F(Return, IsNotForTheEvicted) {
    auto operating = broker.connect("operator").value(), victim = broker.connect("victim").value();
    auto publisher = victim.publisher<Number>("t").value();
    for (auto const& client : operating.clients().value())
        if (client.identity.name == "victim") operating.evict(client.id).value();
    EXPECT_TRUE(eventually([&] { return publisher.publish(number(1)).error() == bus::Errc::closed; }));
    EXPECT_EQ(victim.publisher<Number>("u").error(), bus::Errc::closed);
    auto const clients = bus::list_clients(broker.options()).value();
    EXPECT_LE(std::ranges::count(clients, "victim", [](auto const& client) { return client.identity.name; }), 1);
}

TEST_F(Return, GivesOtherQueuesToWhoseQueuesWereRemoved) {
    auto client = broker.connect("client").value();
    auto publisher = client.publisher<Number>("t").value();
    for (auto const* const use : {"lobby", "requests", "tokens", "bells", "rendezvous", "alive", "attention"}) {
        ASSERT_EQ(remove(use), 1) << use;
        auto const another = client.publisher<Number>("u");
        EXPECT_TRUE(another) << use << ": " << another.error().what();
        auto const published = publisher.publish(number(1));
        EXPECT_TRUE(published) << use << ": " << published.error().what();
        EXPECT_TRUE(eventually([&] { return bus::list_clients(broker.options()).value().size() == 1; })) << use;
    }
}
