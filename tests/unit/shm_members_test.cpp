// Who holds a publisher up, and where.
#include <map>

#include "shm/members.hpp"
#include "support/test_directory.hpp"

namespace bus::test {

using shm::MemberList;
using shm::ReaderKind;

namespace {

class TestCursors : public shm::CursorSource {
public:
    shm::Cursor const* cursor(std::uint32_t, std::uint64_t session_id, std::uint32_t cursor) override {
        if (lost.contains(session_id)) return nullptr;
        return &(*this)(session_id, cursor);
    }
    shm::Cursor& operator()(std::uint64_t session_id, std::uint32_t cursor) { return cursors_[{session_id, cursor}]; }
    std::map<std::uint64_t, bool> lost;

private:
    std::map<std::pair<std::uint64_t, std::uint32_t>, shm::Cursor> cursors_;
};

class Members : public testing::Test {
protected:
    Members() : ring(directory.add_ring(7)), list(ring, 7) {}

    void add(std::uint64_t session_id, std::uint32_t joined_later, ReaderKind kind = ReaderKind::reliable, std::uint64_t start = 0) {
        shm::MemberEntry like{};
        like.session = directory.view().find_session(session_id).value_or(0xFFFF);
        like.session_id = session_id;
        like.subscription_id = 1000 + session_id;
        like.cursor = 2;
        like.kind = kind;
        like.joined_later = joined_later;
        like.start = start;
        directory.add_member(ring, like);
    }
    std::uint64_t floor(std::uint64_t tail) { return list.fresh_floor(directory.view(), cursors, tail); }

    TestDirectory directory;
    TestCursors cursors;
    std::uint32_t ring;
    MemberList list;
};

}  // namespace

TEST_F(Members, ThatAreNoneLetThePublisherFollowItsTail) {
    EXPECT_TRUE(list.is_stale(directory.view().live<shm::RingEntry>(ring)->member_epoch));
    EXPECT_EQ(floor(5000), 5000u);
    EXPECT_FALSE(list.is_stale(directory.view().live<shm::RingEntry>(ring)->member_epoch));
    EXPECT_EQ(list.slowest(), nullptr);
}

TEST_F(Members, ThatWereThereFirstCountAtZeroUntilTheyAttach) {
    add(1, 0);
    EXPECT_EQ(floor(5000), 0u);
    ASSERT_NE(list.slowest(), nullptr);
    EXPECT_EQ(list.slowest()->session_id, 1u);
    EXPECT_EQ(list.ready_count(), 1u);
    shm::attach_cursor(cursors(1, 2), 7, 0);
    cursors(1, 2).position = 320;
    EXPECT_EQ(floor(5000), 320u);
    EXPECT_EQ(list.ready_count(), 1u);
}

TEST_F(Members, ThatJoinedLaterCountFromTheirAttachOn) {
    add(1, 1, ReaderKind::reliable, 64);
    EXPECT_EQ(floor(5000), 5000u);
    EXPECT_EQ(list.slowest(), nullptr);
    EXPECT_EQ(list.ready_count(), 0u);
    shm::attach_cursor(cursors(1, 2), 7, 96);
    EXPECT_EQ(list.ready_count(), 1u);
    EXPECT_EQ(floor(5000), 96u);
}

TEST_F(Members, WithACursorOfAnotherRingCountAtTheirStart) {
    add(1, 0);
    add(2, 1);
    shm::attach_cursor(cursors(1, 2), 8, 4000);
    shm::attach_cursor(cursors(2, 2), 8, 10);
    EXPECT_EQ(floor(5000), 0u);
    shm::attach_cursor(cursors(1, 2), 7, 4000);
    EXPECT_EQ(floor(5000), 4000u);
}

TEST_F(Members, ThatClosedTheirCursorHoldNobodyUp) {
    add(1, 0);
    add(2, 0);
    shm::attach_cursor(cursors(1, 2), 7, 32);
    shm::close_cursor(cursors(1, 2), 7);
    shm::close_cursor(cursors(2, 2), 7);  // before it ever attached
    EXPECT_EQ(floor(5000), 5000u);
    EXPECT_EQ(list.slowest(), nullptr);
    EXPECT_EQ(list.ready_count(), 0u);
    shm::attach_cursor(cursors(1, 2), 7, 64);  // and joins again
    EXPECT_EQ(floor(5000), 64u);
}

TEST_F(Members, ThatDiedStopCountingAlsoWhenOthersCome) {
    add(1, 0);
    EXPECT_EQ(floor(5000), 0u);
    list.mark_dead(1);
    EXPECT_EQ(floor(5000), 5000u);
    add(2, 0);
    shm::attach_cursor(cursors(2, 2), 7, 100);
    EXPECT_EQ(floor(5000), 100u);
    directory.remove_member(ring, directory.view().live<shm::RingEntry>(ring)->first_member);
    EXPECT_EQ(floor(5000), 5000u);
    ASSERT_EQ(list.members().size(), 1u);
    EXPECT_TRUE(list.members()[0].dead);
}

TEST_F(Members, WhoseCursorCannotBeReachedCountAtTheirStartUntilItCan) {
    add(1, 0);
    cursors.lost[1] = true;
    EXPECT_EQ(floor(5000), 0u);
    shm::attach_cursor(cursors(1, 2), 7, 512);
    cursors.lost.clear();
    EXPECT_EQ(floor(5000), 0u);
    directory.writer.raise_member_epoch(ring);
    EXPECT_EQ(floor(5000), 512u);
}

TEST_F(Members, OfBestEffortAndObserversAreCountedButHoldNobodyUp) {
    directory.add_session(1, 1001);
    add(1, 0, ReaderKind::best_effort);
    add(2, 0, ReaderKind::observer);
    shm::attach_cursor(cursors(1, 2), 7, 0);
    shm::attach_cursor(cursors(2, 2), 7, 0);
    EXPECT_EQ(floor(5000), 5000u);
    EXPECT_EQ(list.ready_count(), 2u);
    EXPECT_EQ(list.members()[1].uid, 1001u);
    EXPECT_EQ(list.members()[1].user, 3u);
    EXPECT_EQ(list.members()[0].user, shm::kNil) << "its session is not in the directory";
}

TEST_F(Members, ThatComeBetweenTheTwoLooksAreSeenByTheSecond) {
    TestRing const memory(4096);
    shm::RingWriter<> writer(memory.writable());
    while (writer.publish({}) != 0) {
    }
    int looks = 0;
    EXPECT_FALSE(writer.refresh_limit([&](std::uint64_t tail) {
        if (++looks == 2) add(1, 0);
        return floor(tail);
    }));
    EXPECT_EQ(looks, 2);
    EXPECT_EQ(writer.limit(), 4096u);
    EXPECT_EQ(memory.view().head->limit.load(), 4096u) << "the announcement was taken back";
}

}  // namespace bus::test
