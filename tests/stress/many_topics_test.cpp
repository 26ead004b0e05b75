// Thousands of topics under one `**`: what matching them costs, and what reading one of so many costs. Prints its figures.
// BUS_STRESS=N makes it N times as many; 10 are 5,000 topics.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

constexpr int kPublishingClients = 8;
constexpr int kHotMessages = 20'000;

std::size_t topic_count() {
    char const* const factor = std::getenv("BUS_STRESS");
    return 500 * std::clamp(factor == nullptr ? 1L : std::atol(factor), 1L, 10L);
}

class Watch {
public:
    double ms() const { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since_).count(); }

private:
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/// Resident memory in MiB.
std::string resident(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("VmRSS:")) return std::to_string(std::stol(line.substr(6)) / 1024) + " MiB";
    return "?";
}

/// Arguments: folder, bus, number of topics. Says each figure as a line of its own.
BUS_TEST_ROLE(reads_everything) {
    auto bus = connect(role);
    auto const topics = static_cast<std::size_t>(role.number(2));
    Watch const matching;
    auto subscriber = bus.subscriber<bus::Any>("**", {.reliable = true}).value();
    role.say("subscribed in " + std::to_string(matching.ms()) + " ms");
    role.require(subscriber.wait_for_publishers(topics, patience(120s)).has_value(), "publishers");
    role.say("matched");
    std::size_t received = 0;
    (void)role.hear();
    Watch const reading;
    for (; received < topics; ++received)
        role.require(subscriber.receive_for(patience()).has_value(), "message " + std::to_string(received));
    role.say("read one message of each in " + std::to_string(reading.ms()) + " ms");
    Watch const looking;
    constexpr int kLooks = 200;
    for (int i = 0; i < kLooks; ++i) role.require(subscriber.try_receive().error() == bus::Errc::would_block, "nothing is there");
    role.say("a look that finds nothing takes " + std::to_string(looking.ms() * 1000 / kLooks) + " us");
    (void)role.hear();
    Watch const hot;
    for (int i = 0; i < kHotMessages; ++i) role.require(subscriber.receive_for(patience()).has_value(), "hot message");
    role.say("a message of the only topic that speaks takes " + std::to_string(hot.ms() * 1'000'000 / kHotMessages) + " ns");
    role.require(subscriber.lost() == 0, "lost");
    (void)role.hear();
    return 0;
}

std::string said(Child& child) { return child.read_line(patience(120s)).value_or("nothing"); }

TEST(ManyTopics, AreMatchedByOnePatternWhetherItWasThereBeforeOrComesAfter) {
    auto const topics = topic_count();
    SysctlGuard const segments("kernel.shmmni", "32768");
    bus::testing::LocalBroker broker({.config = "[limits]\ncursors = 8192\n"});
    auto const arguments = on(broker, {std::to_string(topics)});
    auto early = run_role("reads_everything", arguments);
    std::cout << topics << " topics\nthe one that was there: " << said(early) << "\n";

    std::vector<bus::Connection> clients;
    std::vector<bus::Publisher<Number>> publishers;
    Watch const making;
    for (int i = 0; i < kPublishingClients; ++i) clients.push_back(broker.connect("publisher").value());
    for (std::size_t i = 0; i < topics; ++i) {
        auto made =
            clients[i % kPublishingClients].publisher<Number>("many/" + std::to_string(i % 50) + "/" + std::to_string(i),
                                                              {.ring_bytes = i == topics / 2 ? std::size_t{1} << 20 : std::size_t{4096}});
        ASSERT_TRUE(made) << made.error().what();
        publishers.push_back(std::move(*made));
    }
    std::cout << "publishers made in " << making.ms() << " ms\n";
    EXPECT_EQ(said(early), "matched");
    std::cout << "matched " << making.ms() << " ms after the first of them was asked for\n";

    auto late = run_role("reads_everything", arguments);
    std::cout << "the one that came after: " << said(late) << "\n";
    EXPECT_EQ(said(late), "matched");
    for (auto& publisher : publishers) ASSERT_TRUE(publisher.publish(number(1)));
    for (auto* const reader : {&early, &late}) {
        reader->send_line("read");
        std::cout << said(*reader) << "\n";
        std::cout << said(*reader) << "\n";
    }
    early.send_line("hot");
    late.send_line("hot");
    for (int i = 0; i < kHotMessages; ++i) ASSERT_TRUE(publishers[topics / 2].publish(number(1)));
    for (auto* const reader : {&early, &late}) std::cout << said(*reader) << "\n";
    std::cout << "resident: busd " << resident(broker.pid()) << ", a reader " << resident(early.pid()) << " and " << resident(late.pid())
              << ", all publishers " << resident(::getpid()) << "; segments: " << std::size(ipc_objects()) << " objects of all kinds\n";
    Watch const leaving;
    publishers.clear();
    early.send_line("end");
    EXPECT_EQ(early.wait(), 0);
    late.send_line("end");
    EXPECT_EQ(late.wait(), 0);
    EXPECT_TRUE(eventually([&] { return clients[0].topics().value().empty(); }, patience(60s)));
    std::cout << "all gone in " << leaving.ms() << " ms\n";
    clients.clear();
}

}  // namespace
