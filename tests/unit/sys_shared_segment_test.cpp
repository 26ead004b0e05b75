// SysV shared memory.
#include "sys/shared_segment.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"
#include "sys/ipc_key.hpp"

namespace bus::test {

namespace {

sys::OwnedSegment make_segment(std::size_t bytes = 8192, mode_t mode = 0600) {
    return sys::OwnedSegment::create({.key = sys::random_key().value(), .size_bytes = bytes, .mode = mode}).value();
}

/// Pages of it that are in memory, as this process sees them.
std::size_t resident_pages(std::span<std::byte const> bytes) {
    std::vector<unsigned char> pages((bytes.size() + 4095) / 4096);
    ::mincore(const_cast<std::byte*>(bytes.data()), bytes.size(), pages.data());
    return static_cast<std::size_t>(std::count_if(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

}  // namespace

BUS_TEST_ROLE(attacher) {
    auto const mapping = sys::SegmentMapping::attach(static_cast<int>(role.number(0)), sys::Access::read_only).value();
    role.say("attached");
    role.hear();
    return mapping ? 0 : 1;
}

TEST(SegmentMapping, SharesItsBytes) {
    auto const segment = make_segment(5000);
    auto const writer = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
    auto const reader = sys::SegmentMapping::attach(segment.id(), sys::Access::read_only).value();
    ASSERT_EQ(writer.bytes().size(), 5000U);
    ASSERT_EQ(reader.bytes().size(), 5000U);
    EXPECT_TRUE(reader.writable_bytes().empty());
    writer.writable_bytes()[4999] = std::byte{7};
    EXPECT_EQ(reader.bytes()[4999], std::byte{7});
    EXPECT_EQ(reader.bytes()[0], std::byte{0});
}

TEST(SegmentMapping, IsDetachedByItsDestructorAndMovedWhole) {
    auto const segment = make_segment();
    {
        auto first = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
        sys::SegmentMapping second = std::move(first);
        EXPECT_TRUE(first.bytes().empty());  // NOLINT(bugprone-use-after-move): it is then empty
        EXPECT_EQ(second.bytes().size(), 8192U);
        EXPECT_EQ(segment.get().stat().value().attached, 1U);
        first = std::move(second);
        EXPECT_EQ(first.bytes().size(), 8192U);
        EXPECT_EQ(segment.get().stat().value().attached, 1U);
    }
    EXPECT_EQ(segment.get().stat().value().attached, 0U);
}

TEST(SegmentMapping, IsNotInAForkedChild) {
    auto const segment = make_segment();
    auto mapping = std::optional(sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value());
    auto const address = mapping->bytes().data();
    EXPECT_EQ(run_forked([&] {
                  if (!mapping->bytes().empty()) return 1;
                  unsigned char page = 0;
                  if (::mincore(const_cast<std::byte*>(address), 4096, &page) == 0 || errno != ENOMEM) return 2;  // mapped after all
                  // The child attaches for itself, at that very address; the copy of the parent's handle must leave it alone.
                  if (::shmat(segment.id(), address, 0) != address) return 3;
                  mapping.reset();
                  return ::mincore(const_cast<std::byte*>(address), 4096, &page) == 0 ? 0 : 4;
              }),
              0);
    EXPECT_EQ(mapping->bytes().size(), 8192U);
}

TEST(SegmentMapping, OfAKilledProcessIsGone) {
    auto const segment = make_segment();
    auto child = run_role("attacher", {std::to_string(segment.id())});
    ASSERT_TRUE(child.expect_line("attached"));
    EXPECT_EQ(segment.get().stat().value().attached, 1U);
    child.kill(SIGKILL);
    child.wait();
    EXPECT_EQ(segment.get().stat().value().attached, 0U);
}

TEST(SegmentMapping, PopulatesEveryPage) {
    auto const segment = make_segment(std::size_t{64} * 4096);
    auto const mapping = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
    mapping.writable_bytes()[0] = std::byte{1};
    EXPECT_EQ(resident_pages(mapping.bytes()), 1U);
    ASSERT_TRUE(mapping.populate());
    EXPECT_EQ(resident_pages(mapping.bytes()), 64U);
    EXPECT_EQ(mapping.bytes()[0], std::byte{1});
    auto const reader = sys::SegmentMapping::attach(segment.id(), sys::Access::read_only).value();
    EXPECT_EQ(reader.populate().error(), Errc::invalid);
}

TEST(Segment, IsRefusedWithTheReason) {
    EXPECT_EQ(sys::OwnedSegment::create({.key = 5, .size_bytes = 0}).error(), Errc::invalid);
    auto const huge = sys::OwnedSegment::create({.key = 5, .size_bytes = SIZE_MAX / 2});
    EXPECT_FALSE(huge);
    EXPECT_FALSE(huge.error().hint().empty());
    SysctlGuard const small("kernel.shmmax", "65536");
    if (!small.ok()) GTEST_SKIP() << "kernel.shmmax can't be changed here";
    auto const too_large = sys::OwnedSegment::create({.key = 5, .size_bytes = 65537});
    EXPECT_EQ(too_large.error(), Errc::too_large);
    EXPECT_NE(too_large.error().hint().find("kernel.shmmax is 65536"), std::string::npos) << too_large.error().hint();
}

TEST(Segment, IsRefusedUnderATakenKeyAndFoundUnderItsOwn) {
    auto const key = sys::random_key().value();
    auto const segment = sys::OwnedSegment::create({.key = key, .size_bytes = 4096}).value();
    EXPECT_EQ(sys::OwnedSegment::create({.key = key, .size_bytes = 4096}).error(), Errc::conflict);
    EXPECT_EQ(sys::OwnedSegment::create({.key = key, .size_bytes = 4096, .huge_pages = true}).error(), Errc::conflict);
    EXPECT_EQ(sys::Segment::open(key).value().id(), segment.id());
    EXPECT_EQ(segment.get().stat().value().permissions.key, key);
}

TEST(Segment, WithHugePagesWorksWhetherThereAreAnyOrNot) {
    constexpr std::size_t kBytes = (std::size_t{2} << 20) + 4096;
    auto const segment = sys::OwnedSegment::create({.key = sys::random_key().value(), .size_bytes = kBytes, .huge_pages = true}).value();
    auto const mapping = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
    EXPECT_EQ(mapping.bytes().size(), kBytes);
    EXPECT_TRUE(mapping.populate());
    mapping.writable_bytes()[kBytes - 1] = std::byte{1};
}

TEST(Segment, ThatIsRemovedLivesUntilItsLastMappingAndNoLonger) {
    auto segment = make_segment();
    auto const id = segment.get();
    auto mapping = std::optional(sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value());
    ASSERT_TRUE(segment.remove());
    EXPECT_TRUE(id.stat().value().marked);
    EXPECT_TRUE(sys::SegmentMapping::attach(id.id(), sys::Access::read_only));
    mapping.reset();
    EXPECT_EQ(sys::SegmentMapping::attach(id.id(), sys::Access::read_only).error(), Errc::not_found);
    EXPECT_EQ(id.stat().error(), Errc::not_found);
    EXPECT_EQ(id.remove().error(), Errc::not_found);
}

TEST(OwnedSegment, OfTheParentIsNotRemovedByAForkedChild) {
    auto segment = std::optional(make_segment());
    EXPECT_EQ(run_forked([&] {
                  segment.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(segment->get().stat());
}

TEST(SegmentRights, LetOneUidWriteTheGroupReadAndNobodyElseLook) {
    BUS_REQUIRE_ROOT();
    auto const segment = make_segment();
    ASSERT_TRUE(segment.get().set_owner({kAliceUid, kAliceUid, 0640}));
    auto const attach = [&](sys::Access access) {
        return [&segment, access] {
            auto const mapping = sys::SegmentMapping::attach(segment.id(), access);
            return mapping ? 0 : mapping.error().code() == Errc::not_permitted ? 1 : 2;
        };
    };
    ChildOptions const alice{.uid = kAliceUid}, member{.uid = kBobUid, .groups = {kAliceUid}}, stranger{.uid = kBobUid};
    EXPECT_EQ(run_forked(attach(sys::Access::read_write), alice), 0);
    EXPECT_EQ(run_forked(attach(sys::Access::read_only), member), 0);
    EXPECT_EQ(run_forked(attach(sys::Access::read_write), member), 1);
    EXPECT_EQ(run_forked(attach(sys::Access::read_only), stranger), 1);
    // The control: the same attach works when the mode is widened.
    ASSERT_TRUE(segment.get().set_owner({kAliceUid, kAliceUid, 0644}));
    EXPECT_EQ(run_forked(attach(sys::Access::read_only), stranger), 0);
    EXPECT_EQ(run_forked(attach(sys::Access::read_write), stranger), 1);
}

}  // namespace bus::test
