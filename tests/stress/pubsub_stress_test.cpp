// One publisher at full speed, eight subscribers in processes of their own: every byte checked, every message accounted for.
// BUS_STRESS=N makes it N times as long; 10 are a million messages.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/child.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

std::uint64_t messages() {
    char const* const factor = std::getenv("BUS_STRESS");
    return 100'000 * (factor == nullptr || std::atol(factor) < 1 ? 1 : static_cast<std::uint64_t>(std::atol(factor)));
}
std::size_t bytes_of(std::uint64_t sequence) { return 8 + sequence * 2654435761U % 2000; }

/// Arguments: folder, bus, "reliable" or not. Reads until an empty message; says "received lost".
BUS_TEST_ROLE(stressed_reader) {
    auto bus = connect(role);
    auto subscriber = bus.subscriber<bus::Bytes>("stream", {.reliable = role.args().at(2) == "reliable"}).value();
    role.say("ready");
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    for (std::uint64_t expected = 1;; ++expected) {
        auto const sample = subscriber.receive_for(patience()).value();
        lost += sample.info().lost_before;
        auto const sequence = sample.info().sequence;
        role.require(sequence == expected + sample.info().lost_before, "sequence " + std::to_string(sequence));
        expected = sequence;
        if (sample.message().empty()) break;
        ++received;
        role.require(sample.message().text() == content(sequence, bytes_of(sequence)), "content of " + std::to_string(sequence));
    }
    role.require(lost == subscriber.lost(), "lost() disagrees");
    role.say(std::to_string(received) + " " + std::to_string(lost));
    return 0;
}

void stream(std::size_t ring_bytes) {
    bus::testing::LocalBroker const broker;
    auto bus = broker.connect("publisher").value();
    std::vector<Child> children;
    for (int i = 0; i < 8; ++i) children.push_back(run_role("stressed_reader", on(broker, {i % 2 == 0 ? "reliable" : "best-effort"})));
    for (auto& child : children) ASSERT_TRUE(child.expect_line("ready"));
    auto publisher = bus.publisher<bus::Bytes>("stream", {.ring_bytes = ring_bytes, .wait_for = 60s}).value();
    auto const count = messages();
    for (std::uint64_t i = 1; i <= count; ++i) ASSERT_EQ(publisher.publish(std::string_view(content(i, bytes_of(i)))).value(), i);
    ASSERT_TRUE(publisher.publish(std::string_view()));
    for (std::size_t i = 0; i < children.size(); ++i) {
        auto const line = children[i].read_line(patience(120s));
        ASSERT_TRUE(line) << "child " << i;
        auto const space = line->find(' ');
        auto const lost = std::stoull(line->substr(space));
        EXPECT_EQ(std::stoull(line->substr(0, space)) + lost, count) << "child " << i;
        if (i % 2 == 0) {
            EXPECT_EQ(lost, 0U) << "a reliable one";
        }
        EXPECT_EQ(children[i].wait(), 0);
    }
}

TEST(PubSubStress, ReachesEightProcessesThroughASmallRing) { stream(1 << 14); }
TEST(PubSubStress, ReachesEightProcessesThroughALargeRing) { stream(1 << 20); }

}  // namespace
