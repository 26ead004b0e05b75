// Named pipes as doorbells and witnesses of death.
#include "sys/fifo.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "support/child.hpp"
#include "support/fault_shim.hpp"
#include "support/role.hpp"
#include "support/temporary_directory.hpp"
#include "sys/poller.hpp"

namespace bus::test {

namespace {

struct FifoTest : testing::Test {
    TemporaryDirectory folder;
    std::string path = folder.path_of("bell");
};

short state_of(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 0) < 0 ? short{-1} : one.revents;
}

mode_t mode_of(std::string const& path) {
    struct stat file {};
    return ::stat(path.c_str(), &file) == 0 ? file.st_mode & 0777 : 0;
}

}  // namespace

using Fifo = FifoTest;

BUS_TEST_ROLE(sleeper) {
    auto const reader = sys::FifoReader::open(role.args().at(0)).value();
    role.say("listening");
    sys::poll_until(reader.fd(), POLLIN, sys::kForever).value();
    role.say("rung");
    role.hear();
    return 0;
}

BUS_TEST_ROLE(executed) {
    auto const reader = sys::FifoReader::open(role.args().at(0)).value();
    role.say("listening");
    role.hear();
    ::execl("/bin/cat", "cat", nullptr);
    return 1;
}

TEST_F(Fifo, HasExactlyItsModeWhateverTheUmask) {
    mode_t const old = ::umask(077);
    ASSERT_TRUE(sys::create_fifo(path, 0602));
    ::umask(old);
    EXPECT_EQ(mode_of(path), 0602U);
    EXPECT_EQ(sys::create_fifo(path, 0602).error(), Errc::conflict);
}

TEST_F(Fifo, IsReadableFromTheRingUntilItIsDrained) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto const reader = sys::FifoReader::open(path).value();
    auto const writer = sys::FifoWriter::open(path).value();
    EXPECT_EQ(state_of(reader.fd()), 0);
    EXPECT_FALSE(reader.drain().value());
    ASSERT_TRUE(writer.ring());
    ASSERT_TRUE(writer.ring());
    EXPECT_EQ(state_of(reader.fd()), POLLIN);
    EXPECT_TRUE(reader.drain().value());
    EXPECT_EQ(state_of(reader.fd()), 0);
}

TEST_F(Fifo, ThatIsFullCountsAsRung) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto const reader = sys::FifoReader::open(path).value();
    auto const writer = sys::FifoWriter::open(path).value();
    for (int i = 0; i < 70'000; ++i) ASSERT_TRUE(writer.ring());
    EXPECT_TRUE(reader.drain().value());
    EXPECT_FALSE(reader.drain().value());
}

TEST_F(Fifo, ReportsNoHangUpWhenTheLastWriterHasGone) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto const reader = sys::FifoReader::open(path).value();
    { auto const writer = sys::FifoWriter::open(path).value(); }
    EXPECT_EQ(state_of(reader.fd()), 0);
}

TEST_F(Fifo, WithoutAReaderCantBeOpenedForRinging) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto const writer = sys::FifoWriter::open(path);
    EXPECT_EQ(writer.error(), Errc::closed);
    EXPECT_NE(writer.error().what().find(path), std::string::npos);
}

TEST_F(Fifo, TellsAtOnceWhenItsReaderIsKilled) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto child = run_role("sleeper", {path});
    ASSERT_TRUE(child.expect_line("listening"));
    auto const writer = sys::FifoWriter::open(path).value();
    EXPECT_TRUE(writer.has_reader().value());
    EXPECT_EQ(state_of(writer.fd()), 0);
    ASSERT_TRUE(writer.ring());
    ASSERT_TRUE(child.expect_line("rung"));
    child.kill(SIGKILL);
    EXPECT_EQ(sys::poll_until(writer.fd(), 0, sys::deadline_after(patience())).value(), POLLERR);
    EXPECT_FALSE(writer.has_reader().value());
    EXPECT_EQ(writer.ring().error(), Errc::closed);
}

TEST_F(Fifo, TellsWhenItsReaderBecomesAnotherProgram) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto child = run_role("executed", {path});
    ASSERT_TRUE(child.expect_line("listening"));
    auto const writer = sys::FifoWriter::open(path).value();
    child.send_line("go");
    EXPECT_EQ(sys::poll_until(writer.fd(), 0, sys::deadline_after(patience())).value(), POLLERR);
}

TEST_F(Fifo, IsClosedInAForkedChildSoThatItCantHideADeath) {
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    auto reader = std::optional(sys::FifoReader::open(path).value());
    auto const writer = sys::FifoWriter::open(path).value();
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    auto child = start_forked([&] {
        ::close(gate[1]);
        char byte = 0;
        return ::read(gate[0], &byte, 1) == 0 && reader->fd() == -1 ? 0 : 1;
    });
    ::close(gate[0]);
    reader.reset();
    // The child still waits at its gate, so it is not its end that closes the copy.
    EXPECT_TRUE(eventually([&] { return !writer.has_reader().value(); }));
    ::close(gate[1]);
    EXPECT_EQ(child.wait(), 0);
}

// Both ways of writing: with RWF_NOSIGNAL where this kernel has it, and without.
TEST_F(Fifo, RaisesNoSignalWithOrWithoutTheKernelsHelp) {
    fault::Scope const scope;
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    for (bool const old_kernel : {false, true}) {
        auto reader = std::optional(sys::FifoReader::open(path).value());
        auto const writer = sys::FifoWriter::open(path).value();
        reader.reset();
        if (old_kernel) fault::fail("pwritev2", 1, EOPNOTSUPP);
        // SIGPIPE kills by default: being here afterwards is the proof.
        auto const old = ::signal(SIGPIPE, SIG_DFL);
        EXPECT_EQ(writer.ring().error(), Errc::closed);
        ::signal(SIGPIPE, old);
        EXPECT_EQ(fault::struck(), old_kernel);
        sigset_t pending, blocked;
        sigpending(&pending);
        pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
        EXPECT_EQ(sigismember(&blocked, SIGPIPE), 0);
    }
}

TEST_F(Fifo, IsNotOpenedWhereSomethingElseHasItsName) {
    ASSERT_EQ(::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0600)), 0);
    EXPECT_EQ(sys::FifoReader::open(path).error(), Errc::invalid);
    EXPECT_EQ(sys::FifoWriter::open(path).error(), Errc::invalid);
    EXPECT_EQ(sys::grant(path, 1, sys::FifoRights::read).error(), Errc::invalid);
    auto const link = folder.path_of("link");
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    auto const refused = sys::FifoReader::open(link);
    EXPECT_EQ(refused.error(), Errc::invalid);
    EXPECT_NE(refused.error().what().find("symbolic link"), std::string::npos);
    EXPECT_EQ(sys::FifoReader::open(folder.path_of("none")).error(), Errc::not_found);
}

TEST_F(Fifo, LetsOneUidListenAndEverybodyRing) {
    BUS_REQUIRE_ROOT();
    ASSERT_EQ(::chown(folder.path().c_str(), kBrokerUid, kBrokerUid), 0);
    ASSERT_EQ(run_forked(
                  [&] {
                      sys::create_fifo(path, 0602).value();
                      sys::grant(path, kAliceUid, sys::FifoRights::read_write).value();
                      return 0;
                  },
                  {.uid = kBrokerUid}),
              0);
    auto const listen = [&] {
        auto const reader = sys::FifoReader::open(path);
        return reader ? 0 : reader.error().code() == Errc::not_permitted ? 1 : 2;
    };
    auto const steal = [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK) < 0 && errno == EACCES ? 0 : 1; };
    auto const ring = [&] { return sys::FifoWriter::open(path).value().ring() ? 0 : 1; };
    EXPECT_EQ(run_forked(listen, {.uid = kAliceUid}), 0);
    EXPECT_EQ(run_forked(listen, {.uid = kBobUid}), 1);
    EXPECT_EQ(run_forked(steal, {.uid = kBobUid}), 0);
    EXPECT_EQ(run_forked(steal, {.uid = kBobUid, .groups = {kBrokerUid}}), 0);
    auto child = run_role("sleeper", {path}, {.uid = kAliceUid});
    ASSERT_TRUE(child.expect_line("listening"));
    EXPECT_EQ(run_forked(ring, {.uid = kBobUid}), 0);
    EXPECT_TRUE(child.expect_line("rung"));
    EXPECT_EQ(run_forked(ring, {.uid = kAliceUid}), 0);
    // The control: with a mode that is wider the theft works.
    ASSERT_TRUE(sys::grant(path, kBobUid, sys::FifoRights::read_write));
    EXPECT_EQ(run_forked(steal, {.uid = kBobUid}), 1);
}

TEST_F(Fifo, SaysSoWhereTheFileSystemHasNoAccessLists) {
    fault::Scope const scope;
    ASSERT_TRUE(sys::create_fifo(path, 0600));
    fault::fail("setxattr", 1, EOPNOTSUPP);
    auto const refused = sys::grant(path, kAliceUid, sys::FifoRights::read);
    EXPECT_EQ(refused.error(), Errc::invalid);
    EXPECT_NE(refused.error().what().find("has no access lists"), std::string::npos);
    EXPECT_FALSE(refused.error().hint().empty());
    EXPECT_EQ(mode_of(path), 0600U);
}

}  // namespace bus::test
