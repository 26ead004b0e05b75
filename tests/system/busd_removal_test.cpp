// Objects and files of a living bus that somebody removes: by ipcrm, by rm, by a logout.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "busd.hpp"
#include "shm/registry_reader.hpp"
#include "sys/file.hpp"
#include "sys/message_queue.hpp"

namespace bus::test {
namespace {

class Removal : public testing::Test {
protected:
    Removal() {
        // A child writes its log where our stderr goes.
        sys::FileDescriptor const saved(::dup(STDERR_FILENO));
        auto const file = sys::open_file(log_path(), O_WRONLY | O_CREAT | O_APPEND, 0644).value();
        ::dup2(file.fd(), STDERR_FILENO);
        busd = std::make_unique<Busd>();
        ::dup2(saved.fd(), STDERR_FILENO);
        raw = RawClient::open().value();
    }
    std::string log_path() const { return runtime.path_of("log"); }
    std::string log() const {
        std::ostringstream text;
        text << std::ifstream(log_path()).rdbuf();
        return text.str();
    }
    bool logs(std::string const& words) const {
        return eventually([&] { return log().find(words) != std::string::npos; });
    }
    // The client learns that its session has gone, and the next one is admitted.
    void expect_closed_and_a_next_one() {
        EXPECT_TRUE(eventually([&] {
            auto const refused = raw->publisher("a");
            return !refused && refused.error() == Errc::closed;
        }));
        raw.reset();
        EXPECT_TRUE(eventually([&] {
            auto next = RawClient::open("next");
            return next && (*next)->publisher("a");
        })) << log();
    }
    static int directory_id() {
        for (auto const& record : shm::read_registry(Busd::folder() + "/registry").value().alive()) {
            if (record.object == shm::ObjectKind::directory) return record.id;
        }
        return -1;
    }
    auto user() const { return raw->bus().directory().snapshot<shm::UserEntry>(raw->session().user()).value(); }
    auto session() const { return raw->bus().directory().snapshot<shm::SessionEntry>(raw->session().index()).value(); }

    RuntimeDirectory runtime;
    std::unique_ptr<Busd> busd;
    std::unique_ptr<RawClient> raw;
};

TEST_F(Removal, OfTheDirectoryEndsTheBusAndBeginsANewOne) {
    ASSERT_TRUE(sys::Segment(directory_id()).remove());
    expect_closed_and_a_next_one();
    EXPECT_TRUE(logs("somebody removed directory of bus default"));
}

TEST_F(Removal, OfTheDirectoryIsSeenWithoutAnyClient) {
    auto const id = directory_id();
    raw.reset();
    ASSERT_TRUE(sys::Segment(id).remove());
    EXPECT_TRUE(eventually([] { return RawClient::open("next").has_value(); })) << log();
}

TEST_F(Removal, OfAnyFileOfTheFolderEndsTheBusAndBeginsANewOne) {
    for (auto const* const name : {"lock", "registry", "knock", "ready"}) {
        if (!raw) raw = RawClient::open().value();
        ASSERT_TRUE(std::filesystem::remove(Busd::folder() + "/" + name));
        expect_closed_and_a_next_one();
        EXPECT_TRUE(logs(std::string("/") + name + ": the bus ends")) << log();
        EXPECT_TRUE(eventually([&] { return look()->head().broker_pid == busd->pid(); }));
    }
}

TEST_F(Removal, OfTheWholeFolderEndsTheBusAndBeginsANewOne) {
    std::filesystem::remove_all(Busd::folder());
    expect_closed_and_a_next_one();
}

TEST_F(Removal, OfTheLockLetsNoSecondOneServeTheSameObjects) {
    busd->signal(SIGSTOP);  // else it may notice first
    ASSERT_TRUE(std::filesystem::remove(Busd::folder() + "/lock"));
    auto const second = run_busd({});
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.err.find("pid " + std::to_string(busd->pid())), std::string::npos) << second.err;
    EXPECT_EQ(raw->bus().head().broker_pid, busd->pid());
    EXPECT_TRUE(raw->bus().broker_alive());
    busd->signal(SIGCONT);
    expect_closed_and_a_next_one();
}

TEST_F(Removal, OfCursorsEndsTheirSessionAlone) {
    auto other = RawClient::open("other").value();
    ASSERT_TRUE(sys::Segment(session()->cursors.id).remove());
    expect_closed_and_a_next_one();
    EXPECT_TRUE(other->publisher("b"));
    EXPECT_TRUE(logs("somebody removed cursors of raw"));
}

TEST_F(Removal, OfAnArenaEndsTheSessionOfItsPublishers) {
    auto const made = raw->publisher("a").value();
    auto other = RawClient::open("other").value();
    auto const ring = raw->bus().directory().snapshot<shm::RingEntry>(made.index()).value();
    ASSERT_TRUE(sys::Segment(ring->segment.id).remove());
    expect_closed_and_a_next_one();
    EXPECT_TRUE(other->publisher("b"));
}

TEST_F(Removal, OfAttentionCountersEndsTheSessionsOfTheirUid) {
    ASSERT_TRUE(sys::Segment(user()->attention.id).remove());
    expect_closed_and_a_next_one();
    EXPECT_TRUE(logs("somebody removed attention of uid"));
}

TEST_F(Removal, OfBellsGivesNewcomersNewOnes) {
    ASSERT_TRUE(sys::SemaphoreSet(session()->bells.id).remove());
    auto next = RawClient::open("next").value();
    EXPECT_TRUE(next->publisher("a"));
    auto const bells = next->bus().directory().snapshot<shm::SessionEntry>(next->session().index()).value()->bells;
    EXPECT_TRUE(sys::SemaphoreSet(bells.id).stat());
    EXPECT_TRUE(logs("somebody removed bells of uid"));
    EXPECT_EQ(busd->end(SIGQUIT), 0);
    busd = std::make_unique<Busd>();
    EXPECT_EQ(session()->session_id, raw->session().id()) << "the next busd keeps it";
}

TEST_F(Removal, OfAFifoEndsItsSession) {
    for (auto const& file : std::filesystem::directory_iterator(Busd::folder() + "/fifo")) std::filesystem::remove(file);
    expect_closed_and_a_next_one();
    EXPECT_TRUE(logs("somebody removed its FIFO"));
}

}  // namespace
}  // namespace bus::test
