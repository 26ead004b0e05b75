// The broker is killed again and again while clients open, publish, subscribe and leave: every request is carried out once, what was
// published arrives, and in the end nothing is left.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <cstdlib>
#include <deque>
#include <random>
#include <thread>

#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

using namespace std::chrono_literals;
using testing::LocalBroker;

namespace {

int rounds() {
    char const* const factor = std::getenv("BUS_STRESS");
    return 20 * (factor == nullptr ? 1 : std::max(1, std::atoi(factor)));
}

// Makes and drops publishers and subscribers, keeps the last few of each.
void churn(LocalBroker const& broker, int number, std::atomic<bool> const& stop, std::atomic<int>& requests) {
    auto options = broker.options("churn" + std::to_string(number));
    options.timeout = patience();
    std::minstd_rand random(static_cast<unsigned>(number) + 1);
    std::deque<Publisher<Bytes>> publishers;
    std::deque<Subscriber<Bytes>> subscribers;
    auto bus = Connection::open(options).value();
    while (!stop) {
        auto const topic = "churn/" + std::to_string(random() % 4);
        if (random() % 2 == 0) {
            auto publisher = bus.publisher<Bytes>(topic, {.ring_bytes = 4096});
            ASSERT_TRUE(publisher) << publisher.error().what();
            publishers.push_back(std::move(*publisher));
        } else {
            auto subscriber = bus.subscriber<Bytes>(topic);
            ASSERT_TRUE(subscriber) << subscriber.error().what();
            subscribers.push_back(std::move(*subscriber));
        }
        ++requests;
        if (publishers.size() > 3) publishers.pop_front();
        if (subscribers.size() > 3) subscribers.pop_front();
        if (random() % 8 == 0) {
            publishers.clear();
            subscribers.clear();
            bus = Connection::open(options).value();
        }
    }
    // A removal that a busd read and died of goes out again with the next request. What is there then is exactly what we hold.
    EXPECT_TRUE(bus.publisher<Bytes>("churn/last"));
    auto const mine = [&] {
        auto const clients = bus.clients().value();
        auto const info = std::ranges::find(clients, options.name, [](ClientInfo const& client) { return client.identity.name; });
        if (clients.size() > 3) return false;
        return info != clients.end() && info->publishers == publishers.size() && info->subscribers == subscribers.size();
    };
    EXPECT_TRUE(eventually(mine));
}

}  // namespace

TEST(BrokerDeath, AtAnyMomentLosesNoRequestAndDoublesNone) {
    LocalBroker broker;
    std::atomic<bool> stop = false;
    std::atomic<int> requests = 0;
    {
        std::vector<std::jthread> clients;
        for (int number = 0; number < 3; ++number) clients.emplace_back([&, number] { churn(broker, number, stop, requests); });
        for (int round = 0; round < rounds(); ++round) {
            auto const before = requests.load();
            EXPECT_TRUE(eventually([&] { return requests >= before + 1 + round % 7; }));
            broker.kill();
            broker.restart();
        }
        stop = true;
    }
    EXPECT_TRUE(eventually([&] { return list_clients(broker.options()).value().empty(); }));
    EXPECT_EQ(broker.stop(), std::vector<std::string>{});
    EXPECT_TRUE(ipc_objects().empty());
}

TEST(BrokerDeath, LosesNoMessageOnItsWay) {
    LocalBroker broker;
    auto bus = broker.connect("both").value();
    auto publisher = bus.publisher<Bytes>("count").value();
    auto subscriber = bus.subscriber<Bytes>("count", {.reliable = true}).value();
    std::uint64_t sent = 0, received = 0;
    for (int round = 0; round < rounds(); ++round) {
        for (int i = 0; i < 50; ++i) sent = publisher.publish(std::string_view("x")).value();
        if (round % 2 == 0) broker.kill();
        for (int i = 0; i < 50; ++i) {
            auto const sample = subscriber.receive_for(patience());
            ASSERT_TRUE(sample) << sample.error().what();
            EXPECT_EQ(sample->info().sequence, ++received);
        }
        if (round % 2 == 0) broker.restart();
    }
    EXPECT_EQ(received, sent);
    EXPECT_EQ(subscriber.lost(), 0U);
}

}  // namespace bus::test
