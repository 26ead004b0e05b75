// Where a connection can't be: no bus, folders of others, other versions, other namespaces. Each error names the object and what to do.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <fstream>

#include "shm/registry_record.hpp"
#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"
#include "support/temporary_directory.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace bus::test {

using testing::LocalBroker;

namespace {

bool says(Error const& error, std::string const& part) { return error.what().find(part) != std::string::npos; }

// A waiting that must not happen would hang the test.
ConnectionOptions in(TemporaryDirectory const& folder) {
    return {.bus = "b", .timeout = std::chrono::hours(1), .runtime_dir = folder.path()};
}

shm::RegistryRecord registry_head() {
    shm::RegistryRecord head{};
    head.kind = shm::RegistryKind::head;
    head.layout_version = shm::kLayoutVersion;
    head.ipc_namespace = sys::ipc_namespace().value();
    shm::set_text(head, sys::boot_id().value());
    return head;
}

void write_registry(TemporaryDirectory const& folder, shm::RegistryRecord head) {
    shm::seal(head);
    std::ofstream(folder.path_of("b/registry"), std::ios::binary).write(reinterpret_cast<char const*>(&head), sizeof head);
}

}  // namespace

TEST(NoConnection, WhereThereIsNoSuchBusSaysSoAtOnceAndNamesThePlace) {
    TemporaryDirectory const folder;
    auto const error = Connection::open(in(folder)).error();
    EXPECT_EQ(error, Errc::no_broker);
    EXPECT_TRUE(says(error, folder.path_of("b") + " (no such folder)")) << error.what();
    EXPECT_EQ(error.hint(), "start one: BUS_RUNTIME_DIR=" + folder.path() + " busd --bus b --detach");
}

TEST(NoConnection, WhereTheBusWasStoppedSaysSoAtOnce) {
    LocalBroker broker;
    broker.stop();
    auto options = broker.options();
    options.timeout = std::chrono::hours(1);
    EXPECT_EQ(Connection::open(options).error(), Errc::no_broker);
}

BUS_TEST_ROLE(stranger) {
    role.say(Connection::open({.bus = "nobody-serves-this"}).error().what());
    return 0;
}

TEST(NoConnection, NamesEveryPlaceItLookedAt) {
    BUS_REQUIRE_ROOT();
    auto const places = [](std::vector<std::string> const& env) {
        return run_role("stranger", {}, {.uid = kAliceUid, .env = env}).read_line().value_or("");
    };
    auto const own = "/tmp/bus-" + std::to_string(kAliceUid) + "/nobody-serves-this";
    auto const without = places({"BUS_RUNTIME_DIR", "XDG_RUNTIME_DIR"});
    EXPECT_NE(without.find(own + " (no such folder), /run/bus/nobody-serves-this ("), std::string::npos) << without;
    auto const with = places({"BUS_RUNTIME_DIR", "XDG_RUNTIME_DIR=/run/user/1"});
    EXPECT_NE(with.find("in /run/user/1/bus/nobody-serves-this ("), std::string::npos) << with;
    TemporaryDirectory const session;
    {
        sys::FileDescriptor const socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        session.path_of("bus").copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(socket.fd(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
    }
    auto const beside_dbus = places({"BUS_RUNTIME_DIR", "XDG_RUNTIME_DIR=" + session.path()});
    EXPECT_NE(beside_dbus.find(own + " (no such folder), /run/bus/nobody-serves-this ("), std::string::npos) << beside_dbus;
    auto const chosen = places({"BUS_RUNTIME_DIR=/nowhere"});
    EXPECT_NE(chosen.find("in /nowhere/nobody-serves-this (no such folder)"), std::string::npos) << chosen;
    EXPECT_EQ(chosen.find("/run/bus"), std::string::npos) << chosen;
}

TEST(NoConnection, ForNamesThatCanBeNone) {
    EXPECT_EQ(Connection::open({.bus = "a/b"}).error(), Errc::invalid);
    EXPECT_EQ(Connection::open({.bus = ".."}).error(), Errc::invalid);
    EXPECT_EQ(Connection::open({.bus = std::string(65, 'x')}).error(), Errc::invalid);
    EXPECT_EQ(Connection::open({.name = std::string(64, 'x')}).error(), Errc::invalid);
    EXPECT_EQ(Connection::open({.name = "line\nbreak"}).error(), Errc::invalid);
    EXPECT_EQ(Connection::open({.runtime_dir = "relative"}).error(), Errc::invalid);
}

TEST(NoConnection, InAFolderOfSomebodyElse) {
    BUS_REQUIRE_ROOT();
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("b").c_str(), 0755), 0);
    ASSERT_EQ(::chown(folder.path_of("b").c_str(), kAliceUid, kAliceUid), 0);
    auto const error = Connection::open(in(folder)).error();
    EXPECT_EQ(error, Errc::not_permitted);
    EXPECT_TRUE(says(error, folder.path_of("b") + " belongs to uid " + std::to_string(kAliceUid))) << error.what();
    // The control: the same folder of our own is merely empty.
    ASSERT_EQ(::chown(folder.path_of("b").c_str(), 0, 0), 0);
    EXPECT_EQ(Connection::open(in(folder)).error(), Errc::no_broker);
}

TEST(NoConnection, InAFolderOthersMayWrite) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("b").c_str(), 0755), 0);
    ASSERT_EQ(::chmod(folder.path_of("b").c_str(), 0777), 0);
    EXPECT_EQ(Connection::open(in(folder)).error(), Errc::not_permitted);
}

TEST(NoConnection, ThroughALink) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("real").c_str(), 0755), 0);
    ASSERT_EQ(::symlink(folder.path_of("real").c_str(), folder.path_of("b").c_str()), 0);
    EXPECT_EQ(Connection::open(in(folder)).error(), Errc::invalid);
}

TEST(NoConnection, WithABrokerOfAnotherVersionNamesBoth) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("b").c_str(), 0755), 0);
    auto head = registry_head();
    head.layout_version = 99;
    write_registry(folder, head);
    auto const error = Connection::open(in(folder)).error();
    EXPECT_EQ(error, Errc::conflict);
    EXPECT_TRUE(says(error, "99")) << error.what();
    EXPECT_TRUE(says(error, "version " + std::to_string(shm::kLayoutVersion))) << error.what();
}

TEST(NoConnection, WithABrokerOfAnotherNamespaceNamesBothAndTheBridge) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    LocalBroker broker;
    auto const theirs = std::to_string(sys::ipc_namespace().value());
    auto const status = run_forked([&] {
        if (::unshare(CLONE_NEWIPC) != 0) return 77;
        auto const error = broker.connect().error();
        auto const ours = std::to_string(sys::ipc_namespace().value());
        return error == Errc::no_broker && says(error, theirs) && says(error, ours) && error.hint().find("bus-bridge") != std::string::npos
                   ? 0
                   : 1;
    });
    if (status == 77) GTEST_SKIP() << "no new IPC namespace allowed";
    EXPECT_EQ(status, 0) << status;
}

TEST(NoConnection, WithWhatWasLeftBeforeTheLastBoot) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("b").c_str(), 0755), 0);
    auto head = registry_head();
    shm::set_text(head, "00000000-0000-0000-0000-000000000000");
    write_registry(folder, head);
    auto const error = Connection::open(in(folder)).error();
    EXPECT_EQ(error, Errc::no_broker);
    EXPECT_TRUE(says(error, "last boot")) << error.what();
}

TEST(NoConnection, WithRubbishForARegistry) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::mkdir(folder.path_of("b").c_str(), 0755), 0);
    std::ofstream(folder.path_of("b/registry")) << std::string(1000, 'x');
    EXPECT_EQ(Connection::open(in(folder)).error(), Errc::no_broker);
}

}  // namespace bus::test
