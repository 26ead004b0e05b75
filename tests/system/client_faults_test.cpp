// The n-th system call of an operation fails: it goes on by other means, or says in words what failed; nothing crashes, hangs or leaks, and
// the same works right the next time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <thread>

#include "support/child.hpp"
#include "support/documented_errors.hpp"
#include "support/eventually.hpp"
#include "support/fault_shim.hpp"
#include "support/on_bus.hpp"
#include "support/removal.hpp"
#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

std::size_t descriptors() {
    auto const folder = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

std::size_t mappings() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find("/SYSV") != line.npos;
    return count;
}

/// An error as it may be: with a code, and with words unless it is one of the three that have none.
void expect_clear(bus::Error const& error, std::string const& where) {
    if (error == bus::Errc::ok || error == bus::Errc::timeout || error == bus::Errc::would_block || error == bus::Errc::cancelled) return;
    EXPECT_GT(error.what().size(), 10u) << where << ": " << error.what();
}

class ClientFaults : public testing::Test {
protected:
    /// One client, made without faults for each run of an operation; destroyed with the fault still armed.
    struct World {
        bus::Connection bus;
        std::optional<bus::Subscriber<Number>> subscriber = {};
        std::optional<bus::Publisher<Number>> publisher = {};
    };
    using Operation = std::function<bus::Error(World&)>;

    std::unique_ptr<World> world() {
        auto made = std::make_unique<World>(World{bus::Connection::open(options()).value()});
        made->subscriber = made->bus.subscriber<Number>("t", {.reliable = true, .spin = 0s}).value();
        made->publisher = made->bus.publisher<Number>("t").value();
        made->publisher->wait_for_subscribers(1, patience()).value();
        return made;
    }
    bus::ConnectionOptions options() {
        auto options = broker.options("faulty");
        options.timeout = 2s;
        return options;
    }
    bus::Error run(Operation const& operation) {
        auto one = world();
        if (prepare) prepare(*one);
        fault::reset();
        if (arm) arm();
        auto const error = operation(*one);
        one.reset();
        return error;
    }

    void each(std::string const& name, Operation const& operation) {
        fault::Scope const scope;
        arm = {};
        ASSERT_EQ(run(operation), bus::Errc::ok) << name;
        auto const calls = fault::counts();
        auto const descriptors_before = descriptors();
        auto const mappings_before = mappings();
        unsigned struck = 0;
        for (auto const& [call, count] : calls) {
            auto const documented = std::ranges::find(documented_errors(), call, &FailingCall::name);
            ASSERT_NE(documented, documented_errors().end()) << call << ": how it can fail is not in documented_errors.hpp";
            for (int const error_number : std::span(documented->errors).first(std::min(documented->errors.size(), most_errors())))
                for (unsigned nth = 1; nth <= std::min(count, longest()); ++nth) {
                    std::string where = name;
                    where.append(": call ").append(std::to_string(nth)).append(" of ").append(call);
                    where.append(" fails with ").append(::strerrorname_np(error_number));
                    arm = [&] { fault::fail(call, nth, error_number); };
                    auto const said = run(operation);
                    expect_clear(said, where);
                    EXPECT_NE(said, bus::Errc::timeout) << where << ": what was there did not come";
                    struck += fault::struck();
                    fault::reset();
                    arm = {};
                    ASSERT_EQ(run(operation), bus::Errc::ok) << "after " << where;
                    ASSERT_EQ(descriptors(), descriptors_before) << where;
                    ASSERT_EQ(mappings(), mappings_before) << where;
                    auto const left = [&] { return bus::list_clients(broker.options()).value().size(); };
                    ASSERT_TRUE(eventually([&] { return left() == 0; })) << where << " left " << left() << " sessions";
                }
        }
        EXPECT_GT(struck, 0u) << name;
        RecordProperty(name, static_cast<int>(struck));
    }

    /// ipcrm -a. Returns when another bus stands in the place of this one.
    void remove_all_objects() {
        auto const before = id_of_directory(broker.options());
        EXPECT_GT(remove_objects(broker.options()), 0);
        ASSERT_TRUE(eventually([&] {
            auto const now = id_of_directory(broker.options());
            return now != -1 && now != before;
        }));
    }

    /// All of them in the long form; the first ones of each call in ./dev test.
    static bool is_long() { return std::getenv("BUS_STRESS") != nullptr; }
    static unsigned longest() { return is_long() ? 1000 : 6; }
    static std::size_t most_errors() { return is_long() ? 100 : 3; }

    bus::testing::LocalBroker broker;
    std::function<void()> arm;
    std::function<void(World&)> prepare;  // done to each world, no call of it fails
};

bus::Error error_of(auto const& result) { return result ? bus::Error() : result.error(); }

// Its first madvise asks for the page that a fork wipes.
BUS_TEST_ROLE(forks_without_a_wiped_page) {
    auto bus = connect(role);
    auto publisher = bus.publisher<Number>("t").value();
    auto const status = run_forked([&] { return publisher.publish(number(1)).error() == bus::Errc::closed ? 0 : 1; });
    role.require(status == 0, "the child: " + status.text());
    role.require(publisher.publish(number(1)).has_value(), "the parent");
    role.say("good");
    return 0;
}

}  // namespace

TEST(ForkGuard, WorksWhereNoPageIsWiped) {
    TemporaryDirectory const folder;
    auto const told = folder.path() + "/struck";
    bus::testing::LocalBroker const broker;
    for (auto const* const fault : {"madvise:1:22", "madvise:1:12"}) {
        auto child =
            run_role("forks_without_a_wiped_page", on(broker), {.env = {std::string("BUS_FAULT=") + fault, "BUS_FAULT_TOLD=" + told}});
        EXPECT_TRUE(child.expect_line("good"));
        EXPECT_EQ(child.wait(), 0);
        EXPECT_TRUE(std::filesystem::remove(told)) << fault << " did not strike";
    }
}

TEST_F(ClientFaults, OfOpeningAndClosing) {
    each("open", [this](World&) { return error_of(bus::Connection::open(options())); });
}

TEST_F(ClientFaults, OfMakingAPublisher) {
    each("publisher", [](World& w) {
        auto const publisher = w.bus.publisher<Number>("u");
        return error_of(publisher);
    });
}

TEST_F(ClientFaults, OfMakingASubscriber) {
    each("subscriber", [](World& w) {
        auto subscriber = w.bus.subscriber<Number>("t", {.reliable = true});
        if (!subscriber) return subscriber.error();
        if (subscriber->publishers() == 0) return error_of(subscriber->try_receive());  // says why, or nothing yet
        return bus::Error();
    });
}

TEST_F(ClientFaults, OfPublishingToSomebodyWhoSleeps) {
    each("publish", [](World& w) {
        bus::Error said;
        std::jthread receiving([&] {
            auto sample = w.subscriber->receive_for(patience());
            said = error_of(sample);
            if (sample) {
                EXPECT_EQ(sample->message().value(), 7u);
            }
        });
        auto const published = w.publisher->publish(number(7));
        if (!published) {
            w.bus.stop();
            receiving.join();
            return published.error();
        }
        receiving.join();
        return said;
    });
}

TEST_F(ClientFaults, OfWaiting) {
    each("receive", [](World& w) {
        auto const before = std::chrono::steady_clock::now();
        auto const sample = w.subscriber->receive_for(20ms);
        EXPECT_FALSE(sample);
        if (sample.error() != bus::Errc::timeout) return sample.error();
        EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
        return bus::Error();
    });
}

TEST_F(ClientFaults, OfAPublisherThatWaits) {
    each("full", [](World& w) {
        auto publisher = w.bus.publisher<Number>("t", {.ring_bytes = 4096, .wait_for = 20ms});
        if (!publisher) return publisher.error();
        // Where a queue was said to have gone the session is another one, and nobody of it reads yet: then it never gets full.
        for (int messages = 0; messages < 1000; ++messages)
            if (auto published = publisher->publish(number(1)); !published)
                return published.error() == bus::Errc::timeout ? bus::Error() : published.error();
        return bus::Error();
    });
}

TEST_F(ClientFaults, OfDescriptorsAndDispatching) {
    each("descriptors", [](World& w) {
        int const own = w.subscriber->fd();
        int const all = w.bus.fd();
        if (own < 0 || all < 0) return bus::Error(bus::Errc::limit, "no descriptor: errno says so");
        auto const timer = w.bus.every(1ms, [] {});
        if (!timer) return timer.error();
        if (auto set = w.bus.on_event([](bus::Event const&) {}); !set) return set.error();
        if (auto ran = w.bus.dispatch(); !ran) return ran.error();
        if (auto published = w.publisher->publish(number(1)); !published) return published.error();
        pollfd readable{.fd = own, .events = POLLIN, .revents = 0};
        (void)::poll(&readable, 1, 1000);
        auto const sample = w.subscriber->receive_for(patience());
        return error_of(sample);
    });
}

// Everything was removed, and another bus stands there; what fails is what the handles do to come over to it.
TEST_F(ClientFaults, OfComingBackAfterARemoval) {
    prepare = [this](World& w) {
        ASSERT_GE(w.subscriber->fd(), 0);
        remove_all_objects();
    };
    each("come back", [](World& w) {
        auto const end = std::chrono::steady_clock::now() + patience();
        for (bool has_come = false; std::chrono::steady_clock::now() < end;) {
            if (auto const published = w.publisher->publish(number(7)); !published) return published.error();
            pollfd readable{.fd = w.subscriber->fd(), .events = POLLIN, .revents = 0};
            EXPECT_NE(::poll(&readable, 1, 5000), 0);  // it may be the one that fails
            auto const sample = w.subscriber->receive_for(20ms);
            if (!sample && sample.error() != bus::Errc::timeout) return sample.error();
            if (sample && std::exchange(has_come, true)) return bus::Error();
        }
        return bus::Error(bus::Errc::timeout);
    });
}

TEST_F(ClientFaults, OfLooking) {
    each("look", [](World& w) {
        if (auto topics = w.bus.topics(); !topics) return topics.error();
        if (auto clients = w.bus.clients(); !clients) return clients.error();
        return error_of(w.bus.schema("t"));
    });
}
