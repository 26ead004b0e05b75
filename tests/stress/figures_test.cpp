// The figures of docs/reliability.md: how soon the next busd answers, how soon a death is noticed. Printed, not judged.
// BUS_STRESS=N makes it N times as many; 10 are those of the page.
#include <gtest/gtest.h>

#include <atomic>
#include <bus/introspect.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <thread>

#include "support/child.hpp"
#include "support/durations.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

constexpr int kProcesses = 10, kClientsOfEach = 10, kTopicsOfEach = 2;  // 100 clients, 200 topics

int rounds(int quick) {
    char const* const factor = std::getenv("BUS_STRESS");
    return quick * (factor == nullptr ? 1 : std::max(1, std::atoi(factor)));
}

/// Arguments: folder, bus, its number. Ten clients, each with two topics of its own and a reliable subscriber of its neighbour's.
BUS_TEST_ROLE(crowd) {
    auto const name = [&](int client, int topic) {
        return "crowd/" + role.args().at(2) + "/" + std::to_string(client % kClientsOfEach) + "/" + std::to_string(topic);
    };
    std::vector<bus::Connection> clients;
    std::vector<bus::Publisher<Number>> publishers;
    std::vector<bus::Subscriber<Number>> subscribers;
    for (int client = 0; client < kClientsOfEach; ++client) {
        auto& bus = clients.emplace_back(connect(role, "crowd"));
        for (int topic = 0; topic < kTopicsOfEach; ++topic)
            publishers.push_back(bus.publisher<Number>(name(client, topic), {.ring_bytes = 4096}).value());
        subscribers.push_back(bus.subscriber<Number>(name(client + 1, 0), {.reliable = true}).value());
    }
    role.say("ready");
    (void)role.hear();
    for (auto& publisher : publishers) role.require(publisher.publish(number(1)).has_value(), "publish");
    for (auto& subscriber : subscribers) role.require(subscriber.receive_for(patience()).has_value(), "receive");
    return 0;
}

std::vector<Child> crowd(bus::testing::LocalBroker const& broker) {
    std::vector<Child> children;
    for (int i = 0; i < kProcesses; ++i) children.push_back(run_role("crowd", on(broker, {std::to_string(i)})));
    for (auto& child : children) EXPECT_TRUE(child.expect_line("ready"));
    return children;
}

/// Reads reliably, until it is killed.
BUS_TEST_ROLE(victim) {
    auto bus = connect(role, "victim");
    auto const subscriber = bus.subscriber<Number>("held", {.reliable = true}).value();
    role.say("ready");
    (void)role.hear();
    return 0;
}

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

/// What the process has had of the CPUs: does not depend on who else runs.
std::chrono::nanoseconds cpu_of(pid_t pid) {
    long long ns = 0;
    std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> ns;
    return std::chrono::nanoseconds(ns);
}

struct Start {
    std::chrono::nanoseconds answered, cpu;
};

/// Kills busd; what `ask`, begun while there is none, takes from just before the exec of the next one.
template <class Ask>
Start until_answered(bus::testing::LocalBroker& broker, Ask ask) {
    broker.kill();
    std::latch begun(1);
    auto answered = now();
    auto started = answered;
    {
        std::jthread const asking([&] {
            begun.count_down();
            ask();
            answered = now();
        });
        begun.wait();
        started = now();
        broker.restart();
    }
    return {answered - started, cpu_of(broker.pid())};
}

/// A victim holds up a publisher and is killed: what the publisher takes to go on.
std::chrono::nanoseconds until_released(bus::testing::LocalBroker& broker, bool with_busd) {
    auto bus = broker.connect("publishing").value();
    auto victim = run_role("victim", on(broker));
    EXPECT_TRUE(victim.expect_line("ready"));
    auto publisher = bus.publisher<Number>("held", {.ring_bytes = 4096, .wait_for = patience()}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    std::atomic<bool> killed = false;
    auto released = now(), died = released;
    {
        std::jthread const publishing([&] {
            while (publisher.publish(number(1)) && !killed) continue;
            released = now();
        });
        auto const is_held = [&] { return bus::topic_detail("held", broker.options()).value().publishers.at(0).held_by != 0; };
        EXPECT_TRUE(eventually(is_held));
        if (!with_busd) broker.kill();
        killed = true;
        died = now();
        victim.kill(SIGKILL);
    }
    (void)victim.wait();
    if (!with_busd) broker.restart();
    EXPECT_TRUE(eventually([&] { return bus.clients().value().size() == 1; }));
    return released - died;
}

/// A victim is killed: what it takes until the list of clients no longer has it.
std::chrono::nanoseconds until_unlisted(bus::testing::LocalBroker& broker, bus::Connection const& bus) {
    auto victim = run_role("victim", on(broker));
    EXPECT_TRUE(victim.expect_line("ready"));
    auto const died = now();
    victim.kill(SIGKILL);
    while (bus.clients().value().size() > 1 && now() - died < patience()) std::this_thread::yield();
    return now() - died;
}

}  // namespace

TEST(Figures, OfTheNextBusd) {
    bus::testing::LocalBroker broker;
    auto children = crowd(broker);
    auto options = broker.options("asking");
    options.timeout = patience();
    auto bus = bus::Connection::open(options).value();
    ASSERT_EQ(bus.clients().value().size(), kProcesses * kClientsOfEach + 1u);
    ASSERT_EQ(bus.topics().value().size(), kProcesses * kClientsOfEach * kTopicsOfEach + 0u);
    Durations request, admission, cpu;
    for (int round = 0; round < rounds(20); ++round) {
        auto const start = until_answered(broker, [&] { EXPECT_TRUE(bus.publisher<Number>("asked", {.ring_bytes = 4096})); });
        request.add(start.answered);
        cpu.add(start.cpu);
        if (round % 2 == 0) admission.add(until_answered(broker, [&] { EXPECT_TRUE(bus::Connection::open(options)); }).answered);
    }
    for (auto& child : children) child.send_line("go on");
    for (auto& child : children) EXPECT_EQ(child.wait(), 0) << "a client that did not go on";
    std::cout << "busd started with " << kProcesses * kClientsOfEach << " clients, " << kProcesses * kClientsOfEach * kTopicsOfEach
              << " topics\n";
    request.print("from its exec to the first answered request", "p99 50 ms");
    cpu.print("of that, CPU time of busd", "nothing said");
    admission.print("from its exec to the first connection", "nothing said");
}

TEST(Figures, OfADeath) {
    bus::testing::LocalBroker broker;
    Durations unlisted, released, released_without;
    for (int round = 0; round < rounds(20); ++round) {
        released.add(until_released(broker, true));
        released_without.add(until_released(broker, false));
    }
    auto const bus = broker.connect("looking").value();
    for (int round = 0; round < rounds(20); ++round) unlisted.add(until_unlisted(broker, bus));
    released.print("from a reader's SIGKILL until the publisher it held up goes on", "p99 5 ms");
    released_without.print("the same while busd is dead", "p99 5 ms");
    unlisted.print("from a client's SIGKILL until no list shows it", "p99 5 ms");
}
