// What busd says of what it found when it took over, and of what it drops when it ends: one line each, with numbers and names.
#include <gtest/gtest.h>
#include <sys/msg.h>

#include <bus/introspect.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/spoiled_ring.hpp"

namespace bus::test {

namespace {

class BusdLog : public ::testing::Test {
protected:
    /// The line of the busd that serves, or served last, that has these words.
    std::string line(std::string const& words) {
        std::string found;
        EXPECT_TRUE(eventually([&] {
            std::ifstream log(broker.options().runtime_dir + "/busd.log");
            for (std::string next; std::getline(log, next);)
                if (next.find(words) != next.npos) found = next;
            return !found.empty();
        })) << "no line with: "
            << words;
        return found;
    }
    static bool has(std::string const& text, std::string const& words) { return text.find(words) != text.npos; }

    bus::testing::LocalBroker broker;
};

BUS_TEST_ROLE(victim) {
    auto bus = connect(role, "victim");
    auto const publisher = bus.publisher<Number>("victims").value();
    role.say("ready");
    role.hear();
    return 0;
}

}  // namespace

TEST_F(BusdLog, SaysInOneLineWhatATakeOverFound) {
    auto bus = broker.connect("living").value();
    auto const publisher = bus.publisher<Number>("kept").value();
    auto const subscriber = bus.subscriber<Number>("kept").value();
    auto victim = run_role("victim", on(broker));
    ASSERT_TRUE(victim.expect_line("ready"));
    broker.kill();
    victim.kill(SIGKILL);
    (void)victim.wait();
    broker.restart();
    auto const said = line("serves in");
    EXPECT_TRUE(has(said, "generation 2")) << said;
    EXPECT_TRUE(has(said, "adopted 1 sessions, 1 topics, 1 rings, 1 subscriptions")) << said;
    EXPECT_TRUE(has(said, "reaped 1 dead sessions")) << said;
    EXPECT_TRUE(has(said, "replaced nothing")) << said;
}

TEST_F(BusdLog, CountsWhatATakeOverReplaced) {
    auto bus = broker.connect("living").value();
    auto const publisher = bus.publisher<Number>("spoiled").value();
    broker.kill();
    ASSERT_TRUE(spoil_a_ring(broker.options()));
    for (auto const& object : kernel_objects(broker.options()).value())
        if (object.use == "requests") {
            EXPECT_EQ(::msgctl(object.id, IPC_RMID, nullptr), 0);
        }
    broker.restart();
    auto const said = line("serves in");
    EXPECT_TRUE(has(said, "replaced queues or tokens of 1 uid, 1 ring")) << said;
}

TEST_F(BusdLog, CountsAndNamesWhatTheEndOfTheBusDrops) {
    auto bus = broker.connect("driver").value();
    auto reading = broker.connect("monitor").value();
    auto retained = bus.publisher<Number>("log", {.history = 3, .retain = true}).value();
    auto waiting = bus.publisher<Number>("pose").value();
    auto subscriber = reading.subscriber<Number>("pose", {.reliable = true}).value();
    auto const careless = reading.subscriber<Number>("pose").value();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        ASSERT_TRUE(retained.publish(number(i)));
        ASSERT_TRUE(waiting.publish(number(i)));
    }
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(subscriber.receive_for(patience()));
    EXPECT_EQ(broker.stop(), std::vector<std::string>());
    auto const said = line("ended; dropped");
    EXPECT_TRUE(has(said, "2 sessions (driver, monitor)")) << said;
    EXPECT_TRUE(has(said, "2 topics (")) << said;
    EXPECT_TRUE(has(said, "log: 3 messages retained")) << said;
    EXPECT_TRUE(has(said, "pose: 2 messages that monitor had still to read")) << said;
}

}  // namespace bus::test
