// Publisher and subscriber of two users, busd of a third: bells are the FIFO then. Nobody looks again by himself here (BUS_NO_RECHECK): a
// bell that is not rung fails the test.
#include <gtest/gtest.h>
#include <poll.h>

#include "support/child.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

constexpr std::uint64_t kMessages = 300;

BUS_TEST_ROLE(stranger_publishes) {
    auto bus = connect(role, "alice");
    auto publisher = bus.publisher<Number>("shared", {.ring_bytes = 4096, .wait_for = 30s}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    role.say("ready");
    for (std::uint64_t i = 0; role.hear(); ++i) (void)publisher.publish(number(i)).value();
    return 0;
}

BUS_TEST_ROLE(stranger_floods) {
    auto bus = connect(role, "alice");
    auto publisher = bus.publisher<Number>("shared", {.ring_bytes = 4096, .wait_for = 30s}).value();
    publisher.wait_for_subscribers(1, patience()).value();
    for (std::uint64_t i = 0; i < 20 * kMessages; ++i) (void)publisher.publish(number(i)).value();
    role.say("done");
    return 0;
}

BUS_TEST_ROLE(stranger_receives) {
    auto bus = connect(role, "bob");
    auto subscriber = bus.subscriber<Number>("shared", {.reliable = true, .spin = 0s}).value();
    role.say("ready");
    for (auto count = static_cast<std::uint64_t>(role.number(2)), i = std::uint64_t{0}; i < count; ++i) {
        role.require(subscriber.receive_for(patience()).value().message().value() == i, "message " + std::to_string(i));
        role.say("got");
    }
    return 0;
}

BUS_TEST_ROLE(stranger_polls) {
    auto bus = connect(role, "bob");
    auto subscriber = bus.subscriber<Number>("shared").value();
    role.say("ready");
    for (std::uint64_t i = 0; i < kMessages;) {
        pollfd one{.fd = subscriber.fd(), .events = POLLIN, .revents = 0};
        role.require(::poll(&one, 1, static_cast<int>(patience().count())) == 1, "the descriptor stayed quiet");
        while (auto const sample = subscriber.try_receive()) {
            role.require(sample->message().value() == i++, "order");
            role.say("got");
        }
    }
    return 0;
}

class Users : public testing::Test {
protected:
    void SetUp() override { BUS_REQUIRE_ROOT(); }
    bus::testing::LocalBroker broker{{.config = "[[allow]]\npublish = [\"**\"]\nsubscribe = [\"**\"]\nreliable = [\"**\"]\n"}};

    Child as(uid_t uid, std::string const& role, std::vector<std::string> const& more = {}) {
        return run_role(role, on(broker, more), {.uid = uid, .env = {"BUS_NO_RECHECK=1"}});
    }
    void one_at_a_time(Child& publisher, Child& subscriber) {
        for (std::uint64_t i = 0; i < kMessages; ++i) {
            publisher.send_line("go");
            ASSERT_TRUE(subscriber.expect_line("got")) << i;
        }
        EXPECT_EQ(subscriber.wait(), 0);
        publisher.close_input();
        EXPECT_EQ(publisher.wait(), 0);
    }
};

TEST_F(Users, WakeEachOther) {
    auto bob = as(kBobUid, "stranger_receives", {std::to_string(kMessages)});
    ASSERT_TRUE(bob.expect_line("ready"));
    auto alice = as(kAliceUid, "stranger_publishes");
    ASSERT_TRUE(alice.expect_line("ready"));
    one_at_a_time(alice, bob);
}

TEST_F(Users, WakeDescriptors) {
    auto bob = as(kBobUid, "stranger_polls");
    ASSERT_TRUE(bob.expect_line("ready"));
    auto alice = as(kAliceUid, "stranger_publishes");
    ASSERT_TRUE(alice.expect_line("ready"));
    one_at_a_time(alice, bob);
}

TEST_F(Users, WaitForEachOther) {
    auto bob = as(kBobUid, "stranger_receives", {std::to_string(20 * kMessages)});
    ASSERT_TRUE(bob.expect_line("ready"));
    auto alice = as(kAliceUid, "stranger_floods");
    for (std::uint64_t i = 0; i < 20 * kMessages; ++i) ASSERT_TRUE(bob.expect_line("got")) << i;
    EXPECT_TRUE(alice.expect_line("done"));
    EXPECT_EQ(alice.wait(), 0);
    EXPECT_EQ(bob.wait(), 0);
}

TEST_F(Users, MayNotReadWhatIsNotForThem) {
    bus::testing::LocalBroker closed({.config = "[[allow]]\nsubscribe = [\"open/**\"]\n"});
    auto const status = run_forked(
        [&] {
            auto bus = bus::Connection::open(closed.options("alice")).value();
            if (bus.subscriber<Number>("secret").error() != bus::Errc::not_permitted) return 1;
            if (bus.publisher<Number>("open/x").error() != bus::Errc::not_permitted) return 2;
            if (bus.subscriber<Number>("open/x", {.reliable = true}).error() != bus::Errc::not_permitted) return 3;
            return bus.subscriber<Number>("open/x") ? 0 : 4;
        },
        {.uid = kAliceUid});
    EXPECT_EQ(status, 0);
}

}  // namespace
