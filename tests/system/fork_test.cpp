// A forked child has none of what its parent has on the bus: each call says `closed` or gives what nothing has; it neither harms the
// parent's session, nor keeps it up when the parent dies.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <bus/introspect.hpp>
#include <vector>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;

namespace bus::test {
namespace {

struct Handles {
    Connection bus;
    Publisher<Number> publisher;
    Publisher<Bytes> raw;
    Subscriber<Number> subscriber;
};

/// In a child: the names of the calls that did not say `closed`, on stderr. Returns: how many.
int calls_that_work(Handles& of) {
    int wrong = 0;
    auto const closed = [&](char const* call, auto const& result) {
        if (result.error() == Errc::closed) return;
        std::fprintf(stderr, "%s in a forked child: %s\n", call, result ? "works" : result.error().what().c_str());
        ++wrong;
    };
    auto const nothing = [&](char const* call, bool is_nothing) {
        if (is_nothing) return;
        std::fprintf(stderr, "%s in a forked child has something\n", call);
        ++wrong;
    };
    std::vector<Number> const batch{number(1), number(2)};
    std::byte const bytes[8] = {};
    auto& [bus, publisher, raw, subscriber] = of;
    closed("publish", publisher.publish(number(1)));
    closed("publish with options", publisher.publish(number(1), {}));
    closed("publish_batch", publisher.publish_batch(batch));
    closed("publish_bytes", publisher.publish_bytes(bytes));
    closed("publish of bytes", raw.publish(std::string_view("x")));
    closed("loan", raw.loan(8));
    closed("wait_for_subscribers", publisher.wait_for_subscribers(1, 1s));
    closed("try_receive", subscriber.try_receive());
    closed("receive", subscriber.receive());
    closed("receive_for", subscriber.receive_for(1s));
    closed("receive_until", subscriber.receive_until(std::chrono::steady_clock::now() + 1s));
    closed("receive_many", subscriber.receive_many(4, 1s));
    closed("wait_for_publishers", subscriber.wait_for_publishers(1, 1s));
    closed("on_sample", subscriber.on_sample([](Sample<Number> const&) {}));
    closed("on_sample of none", subscriber.on_sample(nullptr));
    closed("Connection::publisher", bus.publisher<Number>("x"));
    closed("Connection::subscriber", bus.subscriber<Number>("x"));
    closed("dispatch", bus.dispatch());
    closed("run", bus.run());
    closed("wait_for", bus.wait_for(1s));
    closed("every", bus.every(1s, [] {}));
    closed("after", bus.after(1s, [] {}));
    closed("on_event", bus.on_event([](Event const&) {}));
    closed("topics", bus.topics());
    closed("clients", bus.clients());
    closed("schema", bus.schema("t"));
    closed("evict", bus.evict(1));
    closed("remove_topic", bus.remove_topic("t"));
    nothing("Subscriber::fd", subscriber.fd() == -1);
    nothing("Connection::fd", bus.fd() == -1);
    nothing("broker_alive", !bus.broker_alive());
    nothing("subscribers", publisher.subscribers() == 0);
    nothing("publishers", subscriber.publishers() == 0);
    nothing("lost", subscriber.lost() == 0 && subscriber.losses().empty());
    (void)subscriber.position();
    (void)(publisher.dropped() + publisher.evicted() + publisher.max_message_bytes() + publisher.id() + publisher.topic().size());
    bus.stop();
    return wrong;
}

class Fork : public ::testing::Test {
protected:
    Handles handles() {
        auto bus = broker.connect("parent").value();
        auto publisher = bus.publisher<Number>("t").value();
        auto raw = bus.publisher<Bytes>("raw").value();
        auto subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
        publisher.wait_for_subscribers(1, patience()).value();
        return {std::move(bus), std::move(publisher), std::move(raw), std::move(subscriber)};
    }
    bus::testing::LocalBroker broker;
};

/// Arguments: folder, bus. Reads reliably, has a child that lives on, and says its pid.
BUS_TEST_ROLE(has_a_child) {
    auto bus = connect(role, "parent");
    auto const subscriber = bus.subscriber<Number>("t", {.reliable = true}).value();
    pid_t const child = ::fork();
    if (child == 0) {
        ::close(STDOUT_FILENO);  // the test waits for the end of it
        for (;;) ::pause();
    }
    role.say(std::to_string(child));
    (void)role.hear();
    return 0;
}

}  // namespace

TEST_F(Fork, LeavesTheChildNothingAndTheParentEverything) {
    auto of = handles();
    ASSERT_TRUE(of.publisher.publish(number(1)));
    auto const held = of.subscriber.receive_for(patience()).value();
    auto loan = of.raw.loan(8).value();
    auto const status = run_forked([&] {
        int wrong = calls_that_work(of);
        if (held.message().value() != 1) ++wrong;  // a copy of its own
        auto const committed = loan.publish(8);
        if (committed.error() != Errc::closed) ++wrong;
        auto const gone = std::move(of);
        return wrong;
    });
    EXPECT_EQ(status, 0);
    // Neither its calls nor its end did anything to ours.
    EXPECT_TRUE(loan.publish(8));
    EXPECT_EQ(list_clients(broker.options()).value().size(), 1u);
    for (std::uint64_t i = 2; i <= 20; ++i) {
        ASSERT_EQ(of.publisher.publish(number(i)).value(), i);
        EXPECT_EQ(of.subscriber.receive_for(patience()).value().message().value(), i);
    }
    EXPECT_TRUE(of.bus.publisher<Number>("more"));
}

TEST_F(Fork, GivesTheChildASessionOfItsOwnWhereItAsks) {
    auto const of = handles();
    auto const status = run_forked([&] {
        auto bus = broker.connect("child");
        if (!bus) return 1;
        auto publisher = bus->publisher<Number>("t");
        return publisher && publisher->publish(number(9)) ? 0 : 2;
    });
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(eventually([&] { return list_clients(broker.options()).value().size() == 1; }));
}

// With and without a busd to see it.
TEST_F(Fork, DoesNotLetAChildKeepItsParentsSessionUp) {
    for (bool const busd_lives : {true, false}) {
        auto parent = run_role("has_a_child", on(broker));
        auto const line = parent.read_line();
        ASSERT_TRUE(line);
        auto const child = static_cast<pid_t>(std::stol(*line));
        auto bus = broker.connect("publisher").value();
        auto publisher = bus.publisher<Number>("t", {.ring_bytes = 4096, .when_full = WhenFull::refuse}).value();
        publisher.wait_for_subscribers(1, patience()).value();
        while (publisher.publish(number(1))) continue;
        if (!busd_lives) broker.kill();
        parent.kill(SIGKILL);
        (void)parent.wait();
        EXPECT_TRUE(eventually([&] { return publisher.publish(number(2)).has_value(); })) << "the dead one holds it up still";
        if (!busd_lives) broker.restart();
        EXPECT_TRUE(eventually([&] { return list_clients(broker.options()).value().size() == 1; }));
        EXPECT_EQ(::kill(child, SIGKILL), 0) << "it lived all the time";
    }
}

}  // namespace bus::test
