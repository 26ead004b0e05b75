// LocalBroker: gone when the program is gone, however it ends, and honest about what is left over.
#include <gtest/gtest.h>
#include <signal.h>

#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <filesystem>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"

namespace bus::test {

using testing::LocalBroker;

namespace {

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

BUS_TEST_ROLE(owner) {
    LocalBroker const broker;
    auto const bus = broker.connect("owner").value();
    role.say(std::to_string(broker.pid()));
    role.say(broker.options().runtime_dir);
    role.hear();
    return 0;
}

BUS_TEST_ROLE(by_environment) {
    auto const bus = Connection::open();
    role.say(bus ? "open" : bus.error().what());
    return 0;
}

TEST(LocalBroker, ServesABusOfItsOwn) {
    LocalBroker one, two;
    EXPECT_NE(one.options().bus, two.options().bus);
    EXPECT_NE(one.pid(), two.pid());
    auto const bus = one.connect("here").value();
    EXPECT_EQ(list_clients(one.options()).value().size(), 1U);
    EXPECT_EQ(list_clients(two.options()).value().size(), 0U);
}

TEST(LocalBroker, EndsWithTheProgramThatWasKilledAndCleansUp) {
    auto owner = run_role("owner");
    auto const line = owner.read_line();
    ASSERT_TRUE(line);
    auto const folder = owner.read_line().value();
    auto const busd = static_cast<pid_t>(std::stol(*line));
    EXPECT_FALSE(ipc_objects().empty());
    owner.kill(SIGKILL);
    owner.wait();
    EXPECT_TRUE(eventually([&] { return is_gone(busd) && ipc_objects().empty(); }));
    // The next one of the same user takes the folder away.
    LocalBroker const next;
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(LocalBroker, LeavesNothingWhenItIsDestroyedAfterACrash) {
    std::string folder;
    {
        LocalBroker broker;
        folder = broker.options().runtime_dir;
        broker.kill();
        EXPECT_EQ(broker.pid(), 0);
        EXPECT_FALSE(ipc_objects().empty());
    }
    EXPECT_TRUE(ipc_objects().empty());
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(LocalBroker, NamesWhatACrashLeftOverAndRemovesIt) {
    LocalBroker broker;
    broker.kill();
    auto const before = ipc_objects().size();
    auto const lines = broker.stop();
    EXPECT_GE(lines.size(), before);
    EXPECT_TRUE(std::ranges::any_of(lines, [](auto const& line) { return line.find("directory") != line.npos; }));
    EXPECT_TRUE(ipc_objects().empty());
}

TEST(LocalBroker, IsReachedByOtherProgramsThroughItsEnvironment) {
    LocalBroker broker;
    auto other = run_role("by_environment", {}, {.env = broker.environment()});
    EXPECT_TRUE(other.expect_line("open"));
    EXPECT_EQ(other.wait(), 0);
}

TEST(LocalBroker, TakesAConfigurationAsTextOrAsAFile) {
    EXPECT_THROW(LocalBroker({.config = "[tables]\nnonsense = 3\n"}), Exception);
    EXPECT_THROW(LocalBroker({.config = "/no/such/busd.toml"}), Exception);
    EXPECT_NO_THROW(LocalBroker({.config = "[tables]\nsessions = 32\n"}));
}

TEST(LocalBroker, SaysWhatIsWrongWhenThereIsNoBroker) {
    try {
        LocalBroker const broker({.busd = "/no/such/busd"});
        FAIL() << "it started";
    } catch (Exception const& exception) {
        EXPECT_EQ(exception.error(), Errc::no_broker);
        EXPECT_NE(exception.error().what().find("/no/such/busd"), std::string::npos);
    }
    try {
        LocalBroker const broker({.busd = "/bin/false"});
        FAIL() << "it started";
    } catch (Exception const& exception) {
        EXPECT_NE(exception.error().what().find("status 1"), std::string::npos) << exception.error().what();
    }
}

}  // namespace bus::test
