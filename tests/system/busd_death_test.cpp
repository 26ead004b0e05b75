// Deaths that tell less than others: of a publisher that had committed and not rung yet, of a client whose token the kernel does not give
// back. The second look of sleepers is off: a wake-up must come.
#include <gtest/gtest.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#include <algorithm>
#include <bus/introspect.hpp>
#include <csignal>
#include <fstream>
#include <stop_token>
#include <thread>

#include "busd.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/stepper.hpp"

using namespace std::chrono_literals;

namespace bus::test {
namespace {

BUS_TEST_ROLE(publishes_one) {
    auto bus = connect(role, "publisher");
    auto publisher = bus.publisher<Number>("t").value();
    publisher.wait_for_subscribers(1, patience()).value();
    mark(1);
    (void)publisher.publish(number(7));
    mark(2);
    return 0;
}

// Holds its token as one who never asked the kernel to give it back.
BUS_TEST_ROLE(holds_without_undo) {
    auto raw = RawClient::open("without undo");
    role.require(raw.has_value(), raw ? "" : raw.error().what());
    role.require((*raw)->publisher("t").has_value(), "publisher");
    auto const& bus = (*raw)->bus();
    auto const index = static_cast<unsigned short>((*raw)->session().index());
    auto const user = bus.directory().snapshot<shm::UserEntry>((*raw)->session().user()).value();
    std::array<sembuf, 2> operations{sembuf{index, 1, SEM_UNDO}, sembuf{index, -1, 0}};
    role.require(sys::SemaphoreSet(user->tokens.id).try_operate(operations).has_value(), "semop");
    role.say("ready");
    role.hear();
    return 0;
}

bool sleeps(pid_t thread) {
    std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string const text((std::istreambuf_iterator<char>(stat)), {});
    auto const at = text.rfind(')');
    return at != text.npos && at + 2 < text.size() && text[at + 2] == 'S';
}

class BellOfTheDead : public ::testing::Test {
protected:
    BellOfTheDead() { ::setenv("BUS_NO_RECHECK", "1", 1); }
    ~BellOfTheDead() override { ::unsetenv("BUS_NO_RECHECK"); }

    /// A publisher is killed where it is about to ring a subscriber that sleeps; `before` and `after` that. Whether that one woke up.
    bool wakes(std::function<void()> const& before, std::function<void()> const& after) {
        auto bus = broker.connect("sleeper").value();
        auto subscriber = bus.subscriber<Number>("t", {.spin = 0s}).value();
        Stepper publisher("publishes_one", on(broker));
        EXPECT_TRUE(publisher.run_to_mark(1));
        std::stop_source stop;
        std::atomic<pid_t> thread = 0;
        std::atomic<bool> woken = false;
        std::jthread const sleeping([&] {
            thread = ::gettid();
            auto const sample = subscriber.receive(stop.get_token());
            woken = sample && sample->message().value() == 7;
        });
        EXPECT_TRUE(eventually([&] { return thread != 0 && sleeps(thread); }));
        auto step = publisher.run_to_syscall();
        while (step.number != SYS_semop && step.number != SYS_semtimedop && step.kind != Stop::Kind::mark && step.kind != Stop::Kind::ended)
            step = publisher.run_to_syscall();
        EXPECT_EQ(step.kind, Stop::Kind::syscall_entry) << "it rang nobody";
        before();
        publisher.kill();
        after();
        bool const in_time = eventually([&] { return woken.load(); });
        stop.request_stop();
        return in_time;
    }

    bus::testing::LocalBroker broker;
};

}  // namespace

TEST_F(BellOfTheDead, IsRungByBusd) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace, and x86-64";
    EXPECT_TRUE(wakes([] {}, [] {}));
}

TEST_F(BellOfTheDead, IsRungByTheNextBusd) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace, and x86-64";
    EXPECT_TRUE(wakes([&] { broker.kill(); }, [&] { broker.restart(); }));
}

TEST(TokenWithoutUndo, LeavesNoSlotBehindWhenItsTakerHasGone) {
    RuntimeDirectory const runtime;
    for (bool const busd_dies_too : {false, true}) {
        auto busd = std::make_unique<Busd>();
        auto holder = run_role("holds_without_undo");
        ASSERT_TRUE(holder.expect_line("ready"));
        if (busd_dies_too) {
            EXPECT_FALSE(busd->end(SIGKILL).exited);
        }
        holder.kill(SIGKILL);
        (void)holder.wait();
        if (busd_dies_too) busd = std::make_unique<Busd>();
        auto const bus = look();
        EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*bus) == 0; })) << "its slot waits for ever";
        EXPECT_EQ(count_entries<shm::RingEntry>(*bus), 0u);
        // The slot is as good as new: its token can be taken, and tells of a death.
        auto next = run_role("holds_without_undo");
        ASSERT_TRUE(next.expect_line("ready"));
        EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), 1u);
        next.kill(SIGKILL);
        (void)next.wait();
        EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*bus) == 0; }));
    }
}

}  // namespace bus::test
