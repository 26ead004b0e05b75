// The n-th system call of busd fails, while it starts, admits a client, serves it, ends: it goes on, or ends saying why; whoever talks to
// it gets an answer or an error in time; and the next busd finds and removes whatever was left.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <span>
#include <thread>

#include "busd.hpp"
#include "support/documented_errors.hpp"
#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;

namespace bus::test {
namespace {

class BusdFaults : public ::testing::Test {
protected:
    BusdFaults() { ::setenv("BUS_RUNTIME_DIR", folder_.path().c_str(), 1); }
    ~BusdFaults() override { ::unsetenv("BUS_RUNTIME_DIR"); }

    static std::string faulty_busd() {
        char const* const path = std::getenv("BUS_FAULTY_BUSD");
        return path != nullptr ? path : "busd-faulty";
    }
    static bool is_long() { return std::getenv("BUS_STRESS") != nullptr; }
    static unsigned longest() { return is_long() ? 400 : 3; }
    static std::size_t most_errors() { return is_long() ? 100 : 2; }
    bool struck() const { return std::filesystem::is_symlink(told()); }
    std::string told() const { return folder_.path() + "/struck"; }

    Child start(std::string const& fault) {
        std::filesystem::remove(told());
        return start_program(faulty_busd(), {"--config", "/dev/null"}, {.env = {"BUS_FAULT=" + fault, "BUS_FAULT_TOLD=" + told()}});
    }
    /// Until it serves, or has ended.
    std::optional<ExitStatus> serves_or_ends(Child& busd) {
        bool serves = false;
        EXPECT_TRUE(eventually([&] {
            if (::access(("/proc/" + std::to_string(busd.pid()) + "/ns/ipc").c_str(), R_OK) != 0) return true;
            auto const bus = look();
            return serves = bus && bus->head().broker_pid == busd.pid() && bus->broker_alive() &&
                            ::access((Busd::folder() + "/ready").c_str(), F_OK) == 0;
        }));
        if (serves) return std::nullopt;
        return busd.wait();
    }
    /// Whatever a client is told, it is told in time.
    void talk() {
        auto bus = Connection::open({.name = "client", .timeout = 2s});
        if (!bus) return;
        auto subscriber = bus->subscriber<Number>("t", {.reliable = true});
        auto publisher = bus->publisher<Number>("t");
        if (!subscriber || !publisher) return;
        if (publisher->wait_for_subscribers(1, 200ms) && publisher->publish(number(1))) {
            auto const sample = subscriber->receive_for(2s);
            EXPECT_TRUE(sample) << sample.error().what();
        }
    }
    /// A call that says of an object that it has gone is believed: what it lied about is left, and for us to remove.
    static bool is_a_lie(std::string const& call, int error_number) {
        return call.ends_with("ctl") && (error_number == EIDRM || error_number == EINVAL);
    }
    void check_that_the_next_one_is_well(std::string const& where, bool after_a_lie = false) {
        {
            Busd const next;
            auto bus = Connection::open({.name = "next"});
            EXPECT_TRUE(bus) << where << ": " << bus.error().what();
            if (bus) {
                EXPECT_TRUE(bus->publisher<Number>("t")) << where;
            }
        }
        if (after_a_lie) remove_ipc_objects();
        EXPECT_EQ(ipc_objects().size(), 0u) << where << ": " << (ipc_objects().empty() ? "" : ipc_objects().front().text());
    }

    TemporaryDirectory folder_;
};

}  // namespace

TEST_F(BusdFaults, LeaveABusThatServesOrOneThatTheNextBusdClearsAway) {
    unsigned runs = 0;
    for (auto const& [name, errors] : documented_errors())
        for (int const error_number : std::span(errors).first(std::min(errors.size(), most_errors())))
            for (unsigned nth = 1; nth <= longest(); ++nth) {
                std::string const call = name;
                auto const where = "call " + std::to_string(nth) + " of " + call + " fails with " + ::strerrorname_np(error_number);
                auto busd = start(call + ":" + std::to_string(nth) + ":" + std::to_string(error_number));
                auto status = serves_or_ends(busd);
                if (!status) {
                    talk();
                    busd.kill(SIGTERM);
                    status = busd.wait();
                } else {
                    EXPECT_FALSE(*status == 0) << where << ": ended without having served";
                }
                EXPECT_TRUE(status->exited) << where << ": " << status->text();
                bool const was_struck = struck();
                check_that_the_next_one_is_well(where, is_a_lie(call, error_number));
                if (!was_struck) break;  // it makes no more of these calls
                ++runs;
                if (HasFailure()) return;
            }
    EXPECT_GT(runs, 40u);
    RecordProperty("runs", static_cast<int>(runs));
}

// Once a second busd looks whether all that it needs is there still. One look that fails proves nothing.
TEST_F(BusdFaults, InALookAtWhatIsThereEndNobody) {
    unsigned struck_later = 0;
    for (auto const* const call : {"lstat", "fstat", "stat", "access"})
        for (unsigned nth = 1; nth <= (is_long() ? 30 : 7); ++nth) {
            auto busd = start(std::string(call) + ":" + std::to_string(nth) + ":" + std::to_string(ENOMEM));
            auto const status = serves_or_ends(busd);
            auto bus = status || struck() ? Result<Connection>(Errc::closed) : Connection::open({.name = "client", .timeout = 2s});
            if (bus && !struck()) {
                if (eventually([&] { return struck(); }, patience(3s))) {
                    ++struck_later;
                    EXPECT_TRUE(bus->publisher<Number>("t")) << "call " << nth << " of " << call << " failed, and the session has gone";
                    EXPECT_EQ(look()->head().broker_pid, busd.pid());
                }
            }
            if (!status) {
                busd.kill(SIGTERM);
                EXPECT_EQ(busd.wait(), 0) << call << " " << nth;
            }
            bus = Errc::closed;
            check_that_the_next_one_is_well(std::string(call) + " " + std::to_string(nth));
        }
    EXPECT_GT(struck_later, 2u);
}

}  // namespace bus::test
