// Opening segments that others made: is it the right one?
#include "shm/segment.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/child.hpp"

namespace bus::test {

using shm::AttachedSegment;
using shm::ObjectRef;
using shm::SegmentKind;
using sys::Access;

namespace {

struct Made {
    explicit Made(std::size_t bytes = 8192, bool finished = true)
        : segment(sys::OwnedSegment::create({.key = sys::random_key().value(), .size_bytes = bytes, .mode = 0644}).value()),
          mapping(sys::SegmentMapping::attach(segment.id(), Access::read_write).value()) {
        cookie = shm::cookie_of(sys::random_cookie().value());
        shm::format_segment(mapping.writable_bytes(),
                            {.kind = SegmentKind::cursors, .cookie = cookie, .owner_uid = 12, .generation = 3, .object = 9});
        if (finished) shm::publish_segment(mapping.writable_bytes());
    }
    ObjectRef ref() const { return {segment.id(), 0, cookie}; }
    shm::SegmentHead& head() const { return *reinterpret_cast<shm::SegmentHead*>(mapping.writable_bytes().data()); }

    sys::OwnedSegment segment;
    sys::SegmentMapping mapping;
    shm::Cookie cookie;
};

Result<AttachedSegment> open(ObjectRef const& ref, SegmentKind kind = SegmentKind::cursors, uid_t creator = ::geteuid()) {
    return AttachedSegment::open(ref, kind, creator, Access::read_only, sys::deadline_after(std::chrono::milliseconds(20)));
}

bool says(Error const& error, std::string const& word) { return error.what().find(word) != std::string::npos; }

}  // namespace

TEST(AttachedSegment, IsTheOneThatWasMeant) {
    Made const made;
    auto const opened = open(made.ref());
    ASSERT_TRUE(opened) << opened.error().what();
    EXPECT_EQ(opened->head().object, 9u);
    EXPECT_EQ(opened->head().owner_uid, 12u);
    EXPECT_EQ(opened->owner_uid(), ::geteuid());
    EXPECT_EQ(opened->bytes().size(), 8192u);
    EXPECT_TRUE(opened->writable_bytes().empty());
    EXPECT_EQ(opened->id(), made.segment.id());
}

TEST(AttachedSegment, IsRefusedWhenTheCookieDiffers) {
    Made const made;
    auto ref = made.ref();
    ref.cookie[1] ^= 1;
    EXPECT_EQ(open(ref).error(), Errc::conflict);
}

TEST(AttachedSegment, IsRefusedWhenItIsOfAnotherKind) {
    Made const made;
    EXPECT_EQ(open(made.ref(), SegmentKind::arena).error(), Errc::conflict);
}

TEST(AttachedSegment, IsRefusedWhenAStrangerMadeIt) {
    Made const made;
    auto const refused = open(made.ref(), SegmentKind::cursors, ::geteuid() + 1);
    EXPECT_EQ(refused.error(), Errc::not_permitted);
    EXPECT_TRUE(says(refused.error(), std::to_string(::geteuid() + 1)));
}

TEST(AttachedSegment, OfAnotherLayoutVersionIsRefusedNamingBoth) {
    Made const made;
    made.head().magic_version = shm::kSegmentMagic | 7;
    auto const refused = open(made.ref());
    EXPECT_EQ(refused.error(), Errc::conflict);
    EXPECT_TRUE(says(refused.error(), "version 7") && says(refused.error(), "version 1"));
}

TEST(AttachedSegment, ThatNobodyFinishesIsGivenUpInBoundedTime) {
    Made const made(8192, false);
    EXPECT_EQ(open(made.ref()).error(), Errc::timeout);
    shm::publish_segment(made.mapping.writable_bytes());
    EXPECT_TRUE(open(made.ref()));
}

TEST(AttachedSegment, IsRefusedWhenItIsNoneOfABus) {
    Made const made;
    made.head().magic_version = 0x1234;
    EXPECT_EQ(open(made.ref()).error(), Errc::invalid);
    auto const small = sys::OwnedSegment::create({.key = sys::random_key().value(), .size_bytes = 16, .mode = 0600}).value();
    EXPECT_EQ(open({small.id(), 0, {}}).error(), Errc::invalid);
}

TEST(AttachedSegment, IsRefusedWhenItSaysItIsLongerThanItIs) {
    Made const made;
    made.head().bytes = 8193;
    EXPECT_EQ(open(made.ref()).error(), Errc::invalid);
}

TEST(AttachedSegment, ThatHasGoneIsNotFound) {
    ObjectRef ref{};
    {
        Made const made;
        ref = made.ref();
    }
    EXPECT_EQ(open(ref).error(), Errc::not_found);
}

TEST(AttachedSegment, CanOnlyBeWrittenByItsOwner) {
    BUS_REQUIRE_ROOT();
    Made const made;
    ASSERT_TRUE(made.segment.get().set_owner({.uid = kAliceUid, .gid = kAliceUid, .mode = 0644}));
    auto const opens = [&](Access access) { return AttachedSegment::open(made.ref(), SegmentKind::cursors, 0, access) ? 0 : 1; };
    EXPECT_EQ(run_forked([&] { return opens(Access::read_write); }, {.uid = kAliceUid}), 0);
    EXPECT_EQ(run_forked([&] { return opens(Access::read_only); }, {.uid = kBobUid}), 0);
    EXPECT_EQ(run_forked([&] { return opens(Access::read_write); }, {.uid = kBobUid}), 1);
}

}  // namespace bus::test
