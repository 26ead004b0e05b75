// The n-th system call of an operation fails: it goes on by other means, or says in words what failed; nothing crashes, hangs or leaks, and
// the same works right the next time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "support/eventually.hpp"
#include "support/fault_shim.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

struct Failing {
    char const* call;
    std::vector<int> errors;
};

// What the manual pages say of these calls, as far as a client can meet it.
std::vector<Failing> const kFailing = {
    {"msgsnd", {EAGAIN, EINTR, EIDRM, ENOMEM}},
    {"msgrcv", {ENOMSG, EINTR, EIDRM}},
    {"msgctl", {EIDRM, EINVAL}},
    {"semop", {EAGAIN, EINTR, EIDRM, ENOMEM}},
    {"semtimedop", {EINTR, EIDRM, ENOMEM}},
    {"semctl", {EIDRM, EINVAL}},
    {"shmat", {ENOMEM, EIDRM, EACCES}},
    {"shmctl", {EIDRM, EINVAL}},
    {"madvise", {ENOMEM, EINVAL}},
    {"open", {EMFILE, ENOENT, EACCES, ENXIO}},
    {"read", {EAGAIN, EINTR, EIO}},
    {"write", {EAGAIN, EINTR, EPIPE}},
    {"poll", {EINTR, ENOMEM}},
    {"ppoll", {EINTR, ENOMEM}},
    {"epoll_create1", {EMFILE, ENOMEM}},
    {"epoll_ctl", {ENOMEM, ENOSPC}},
    {"eventfd", {EMFILE, ENOMEM}},
    {"timerfd_create", {EMFILE, ENOMEM}},
    {"timerfd_settime", {EINVAL}},
    {"getrandom", {EINTR, EAGAIN}},
    {"fstat", {ENOMEM}},
    {"syscall", {ENOSYS, EPERM}},
};

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
        for (auto const& [call, errors] : kFailing) {
            auto const found = calls.find(call);
            if (found == calls.end()) continue;
            for (int const error_number : errors)
                for (unsigned nth = 1; nth <= std::min(found->second, longest()); ++nth) {
                    auto const where =
                        name + ": call " + std::to_string(nth) + " of " + call + " fails with " + ::strerrorname_np(error_number);
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

    /// All of them in the long form; the first ones of each call in ./dev test.
    static unsigned longest() { return std::getenv("BUS_STRESS") != nullptr ? 1000 : 6; }

    bus::testing::LocalBroker broker;
    std::function<void()> arm;
};

bus::Error error_of(auto const& result) { return result ? bus::Error() : result.error(); }

}  // namespace

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
        for (;;)
            if (auto published = publisher->publish(number(1)); !published)
                return published.error() == bus::Errc::timeout ? bus::Error() : published.error();
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

TEST_F(ClientFaults, OfLooking) {
    each("look", [](World& w) {
        if (auto topics = w.bus.topics(); !topics) return topics.error();
        if (auto clients = w.bus.clients(); !clients) return clients.error();
        return error_of(w.bus.schema("t"));
    });
}
