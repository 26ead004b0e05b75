// Files, folders and record locks.
#include "sys/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/child.hpp"
#include "support/fault_shim.hpp"
#include "support/role.hpp"
#include "support/temporary_directory.hpp"
#include "sys/directory.hpp"
#include "sys/record_lock.hpp"

namespace bus::test {

namespace {

std::span<std::byte const> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

mode_t mode_of(std::string const& path) {
    struct stat file {};
    return ::stat(path.c_str(), &file) == 0 ? file.st_mode & 0777 : 0;
}

}  // namespace

BUS_TEST_ROLE(lock_holder) {
    auto const lock = sys::RecordLock::try_lock(role.args().at(0));
    role.say(lock ? "locked" : lock.error().what());
    role.hear();
    return 0;
}

TEST(FileDescriptor, ClosesOnceAndMovesWhole) {
    auto pipe = sys::make_pipe().value();
    int const number = pipe.read_end.fd();
    sys::FileDescriptor moved = std::move(pipe.read_end);
    EXPECT_FALSE(pipe.read_end);
    EXPECT_EQ(moved.fd(), number);
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
    moved.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(File, IsReplacedWholeWithExactlyItsMode) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("config");
    mode_t const old = ::umask(077);
    ASSERT_TRUE(sys::replace_file(path, bytes_of("one"), 0644));
    ::umask(old);
    EXPECT_EQ(mode_of(path), 0644U);
    ASSERT_TRUE(sys::replace_file(path, bytes_of("two"), 0600));
    EXPECT_EQ(sys::read_file(path).value(), "two");
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(File, StaysAsItWasWhenItsReplacementFails) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("config");
    ASSERT_TRUE(sys::replace_file(path, bytes_of("old"), 0644));
    fault::Scope const scope;
    for (auto const& [call, error_number] :
         {std::pair("openat", EMFILE), std::pair("write", ENOSPC), std::pair("fchmod", EPERM), std::pair("rename", EIO)}) {
        fault::fail(call, 1, error_number);
        auto const failed = sys::replace_file(path, bytes_of("new"), 0644);
        ASSERT_FALSE(failed) << call;
        EXPECT_EQ(failed.error().detail(), error_number) << call;
        EXPECT_NE(failed.error().what().find(path), std::string::npos) << failed.error().what();
        EXPECT_EQ(sys::read_file(path).value(), "old") << call;
        EXPECT_FALSE(std::filesystem::exists(path + ".new")) << call;
    }
}

TEST(File, IsReadAndWrittenAtPositionsWhole) {
    TemporaryDirectory const folder;
    auto const file = sys::open_file(folder.path_of("data"), O_RDWR | O_CREAT, 0600).value();
    ASSERT_TRUE(sys::write_at(file.fd(), bytes_of("0123456789"), 5));
    std::array<std::byte, 8> room{};
    EXPECT_EQ(sys::read_at(file.fd(), room, 7).value(), 8U);
    EXPECT_EQ(sys::read_at(file.fd(), room, 12).value(), 3U);
    EXPECT_EQ(room[2], std::byte{'9'});
    ASSERT_TRUE(sys::truncate_file(file.fd(), 6));
    EXPECT_EQ(sys::read_at(file.fd(), room, 0).value(), 6U);
}

TEST(File, OfProcIsReadWholeAndALimitIsKept) {
    EXPECT_GT(sys::read_file("/proc/self/maps").value().size(), 4096U);
    auto const large = sys::read_file("/proc/self/maps", 100);
    EXPECT_EQ(large.error(), Errc::too_large);
    EXPECT_EQ(sys::read_file("/proc/no/such").error(), Errc::not_found);
}

TEST(File, ThatIsRemovedSaysWhetherItWasThere) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("x");
    std::ofstream(path) << "x";
    EXPECT_TRUE(sys::remove_file(path).value());
    EXPECT_FALSE(sys::remove_file(path).value());
    EXPECT_FALSE(sys::remove_file(folder.path())) << "a folder is no file";
}

TEST(Directory, MakesAChildWithExactlyItsModeAndKeepsAnOldOne) {
    TemporaryDirectory const base;
    auto const folder = sys::Directory::open(base.path()).value();
    mode_t const old = ::umask(077);
    auto const child = folder.make_child("default", 0755).value();
    ::umask(old);
    EXPECT_EQ(mode_of(child.path()), 0755U);
    EXPECT_EQ(child.mode(), 0755U);
    EXPECT_EQ(child.owner_uid(), ::geteuid());
    ASSERT_EQ(::chmod(child.path().c_str(), 0777), 0);
    EXPECT_EQ(folder.make_child("default", 0755).value().mode(), 0777U);
    EXPECT_EQ(folder.list().value(), std::vector<std::string>{"default"});
    EXPECT_TRUE(folder.remove_child_directory("default").value());
    EXPECT_FALSE(folder.remove_child_directory("default").value());
}

TEST(Directory, FollowsNoLink) {
    TemporaryDirectory const base;
    auto const folder = sys::Directory::open(base.path()).value();
    ASSERT_TRUE(folder.make_child("real", 0755));
    ASSERT_EQ(::symlink("real", folder.path_of("link").c_str()), 0);
    for (auto const& opened :
         {folder.open_child("link"), folder.make_child("link", 0755), sys::Directory::open_no_link(folder.path_of("link"))}) {
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), Errc::invalid);
        EXPECT_NE(opened.error().what().find("symbolic link"), std::string::npos) << opened.error().what();
    }
    EXPECT_TRUE(sys::Directory::open(folder.path_of("link")));
}

TEST(Directory, TakesPlainNamesOnly) {
    TemporaryDirectory const base;
    auto const folder = sys::Directory::open(base.path()).value();
    for (auto const* name : {"", ".", "..", "a/b", "/etc"}) EXPECT_EQ(folder.make_child(name, 0755).error(), Errc::invalid) << name;
    std::ofstream(folder.path_of("file")) << "x";
    auto const file = folder.open_child("file");
    EXPECT_EQ(file.error(), Errc::invalid);
    EXPECT_NE(file.error().what().find("is not a folder"), std::string::npos);
    EXPECT_EQ(folder.open_child("none").error(), Errc::not_found);
}

TEST(Directory, OfSomebodyElseOrOpenToOthersIsRefused) {
    TemporaryDirectory const base;
    auto const folder = sys::Directory::open(base.path()).value();
    EXPECT_TRUE(folder.check_private(::geteuid()));
    auto const foreign = folder.check_private(::geteuid() + 1);
    EXPECT_EQ(foreign.error(), Errc::not_permitted);
    EXPECT_NE(foreign.error().what().find("belongs to uid " + std::to_string(::geteuid())), std::string::npos);
    ASSERT_EQ(::chmod(base.path().c_str(), 0775), 0);
    auto const open_to_group = sys::Directory::open(base.path()).value().check_private(::geteuid());
    EXPECT_EQ(open_to_group.error(), Errc::not_permitted);
    EXPECT_NE(open_to_group.error().what().find("mode 0775"), std::string::npos);
    EXPECT_NE(open_to_group.error().hint().find("chmod go-w"), std::string::npos);
}

TEST(RecordLock, IsHeldByOneProcessAndNamesIt) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("lock");
    EXPECT_EQ(sys::lock_holder(path).value(), std::nullopt);
    auto child = run_role("lock_holder", {path});
    ASSERT_TRUE(child.expect_line("locked"));
    EXPECT_EQ(sys::lock_holder(path).value(), child.pid());
    auto const refused = sys::RecordLock::try_lock(path);
    EXPECT_EQ(refused.error(), Errc::conflict);
    EXPECT_NE(refused.error().what().find("pid " + std::to_string(child.pid())), std::string::npos) << refused.error().what();
    child.kill(SIGKILL);
    child.wait();
    EXPECT_EQ(sys::lock_holder(path).value(), std::nullopt);
    EXPECT_TRUE(sys::RecordLock::try_lock(path));
}

TEST(RecordLock, IsHeldOnceWithinAProcessAndSurvivesTheSecondTry) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("lock");
    {
        auto const lock = sys::RecordLock::try_lock(path).value();
        auto const second = sys::RecordLock::try_lock(path);
        EXPECT_EQ(second.error(), Errc::conflict);
        EXPECT_NE(second.error().what().find("this process"), std::string::npos);
        EXPECT_EQ(sys::lock_holder(path).value(), ::getpid());
        // Had any of that opened and closed the file, the lock would be free now.
        EXPECT_TRUE(run_role("lock_holder", {path}).expect_line(path + " is locked by pid " + std::to_string(::getpid())));
    }
    EXPECT_EQ(sys::lock_holder(path).value(), std::nullopt);
    EXPECT_TRUE(sys::RecordLock::try_lock(path));
}

TEST(RecordLock, IsKnownUnderAnotherNameOfTheFileToo) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("lock"), other = folder.path_of("other");
    auto const lock = sys::RecordLock::try_lock(path).value();
    ASSERT_EQ(::link(path.c_str(), other.c_str()), 0);
    EXPECT_EQ(sys::RecordLock::try_lock(other).error(), Errc::conflict);
    EXPECT_EQ(sys::lock_holder(other).value(), ::getpid());
    EXPECT_EQ(run_forked([&] { return sys::lock_holder(path).value() == ::getppid() ? 0 : 1; }), 0);
}

TEST(RecordLock, OfTheParentIsNotHeldByAForkedChild) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("lock");
    auto lock = std::optional(sys::RecordLock::try_lock(path).value());
    EXPECT_EQ(run_forked([&] {
                  auto const parent = ::getppid();
                  if (sys::lock_holder(path).value() != parent) return 1;
                  lock.reset();  // closes the child's copy
                  return sys::lock_holder(path).value() == parent ? 0 : 2;
              }),
              0);
    lock.reset();
    EXPECT_EQ(sys::lock_holder(path).value(), std::nullopt);
}

TEST(RecordLock, FollowsNoLink) {
    TemporaryDirectory const folder;
    ASSERT_EQ(::symlink("target", folder.path_of("lock").c_str()), 0);
    EXPECT_EQ(sys::RecordLock::try_lock(folder.path_of("lock")).error(), Errc::invalid);
    EXPECT_FALSE(std::filesystem::exists(folder.path_of("target")));
}

}  // namespace bus::test
