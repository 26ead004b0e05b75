// The directory: entries are read whole or not at all, whatever busd was doing when it died.
#include "shm/chains.hpp"
#include "support/test_directory.hpp"

namespace bus::test {

using shm::DirectoryView;
using shm::SessionEntry;
using shm::TopicEntry;

TEST(Directory, HasTheTablesItWasAskedFor) {
    shm::DirectorySizes const defaults;
    PageMemory const memory(shm::directory_bytes(defaults));
    shm::format_directory(memory.bytes(), defaults);
    auto const view = DirectoryView::open(memory.bytes()).value();
    EXPECT_EQ(view.capacity<shm::UserEntry>(), 256u);
    EXPECT_EQ(view.capacity<shm::SessionEntry>(), 1024u);
    EXPECT_EQ(view.capacity<shm::TopicEntry>(), 8192u);
    EXPECT_EQ(view.capacity<shm::RingEntry>(), 8192u);
    EXPECT_EQ(view.capacity<shm::SubscriptionEntry>(), 4096u);
    EXPECT_EQ(view.capacity<shm::MemberEntry>(), 32768u);
    EXPECT_EQ(view.capacity<shm::SchemaEntry>(), 1024u);
    auto const* const last = reinterpret_cast<std::byte const*>(view.live<shm::SchemaEntry>(1023) + 1);
    EXPECT_LE(last, memory.bytes().data() + memory.bytes().size());
}

TEST(Directory, RefusesTablesThatReachBeyondTheSegment) {
    TestDirectory directory;
    auto const bytes = directory.bytes();
    EXPECT_EQ(DirectoryView::open(bytes.first(100)).error(), Errc::invalid);
    EXPECT_EQ(DirectoryView::open(bytes.first(bytes.size() - shm::kPage)).error(), Errc::invalid);
    auto& head = directory.writer.head();
    for (auto const offset : {std::uint64_t{0}, std::uint64_t{4}, bytes.size() + 8, ~std::uint64_t{7}}) {
        auto const good = std::exchange(head.members.offset, offset);
        EXPECT_EQ(DirectoryView::open(bytes).error(), Errc::invalid) << offset;
        head.members.offset = good;
    }
    auto const good = std::exchange(head.topics.entry_bytes, 560);
    auto const refused = DirectoryView::open(bytes);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what().find("560"), std::string::npos);
    EXPECT_NE(refused.error().what().find("568"), std::string::npos);
    head.topics.entry_bytes = good;
    EXPECT_TRUE(DirectoryView::open(bytes));
}

TEST(Directory, GivesBackWhatWasWritten) {
    TestDirectory directory;
    auto const index = directory.writer.find_free<TopicEntry>().value();
    directory.writer.change<TopicEntry>(index, [](TopicEntry& entry) {
        entry.head.state = 1;
        entry.topic_id = 99;
        entry.first_ring = shm::kNil;
        std::memcpy(entry.name, "robot/pose", 11);
        std::memset(entry.type, 'x', sizeof entry.type);  // the zero is missing
    });
    auto const view = directory.view();
    EXPECT_EQ(view.find_topic("robot/pose"), index);
    EXPECT_EQ(view.find_topic("robot"), std::nullopt);
    auto const topic = view.snapshot<TopicEntry>(index).value();
    EXPECT_TRUE(topic.in_use());
    EXPECT_EQ(topic->topic_id, 99u);
    EXPECT_EQ(shm::text(topic->name), "robot/pose");
    EXPECT_EQ(shm::text(topic->type).size(), sizeof topic->type);
    EXPECT_EQ(view.snapshot<TopicEntry>(8).error(), Errc::not_found);
    EXPECT_EQ(view.snapshot<TopicEntry>(~0u).error(), Errc::not_found);
}

TEST(Directory, FindsEntriesByTheirIds) {
    TestDirectory directory;
    directory.add_session(41, 1000);
    auto const session = directory.add_session(42, 1001);
    auto const ring = directory.add_ring(7);
    auto const view = directory.view();
    EXPECT_EQ(view.find_session(42), session);
    EXPECT_EQ(view.find_session(43), std::nullopt);
    EXPECT_EQ(view.find_ring(7), ring);
    EXPECT_EQ(view.find_user(1000), std::nullopt);
}

TEST(Directory, SaysInBoundedTimeThatAnEntryIsHalfWritten) {
    TestDirectory directory;
    auto const index = directory.add_session(42, 1000);
    auto const other = directory.add_session(43, 1000);
    auto const view = directory.view();
    const_cast<SessionEntry*>(view.live<SessionEntry>(index))->head.version.fetch_add(1);  // busd dies here
    auto const torn = view.snapshot<SessionEntry>(index);
    EXPECT_EQ(torn.error(), Errc::no_broker);
    EXPECT_NE(torn.error().what().find("sessions"), std::string::npos);
    EXPECT_FALSE(torn.error().hint().empty());
    EXPECT_TRUE(view.snapshot<SessionEntry>(other)) << "the others are as good as before";
    EXPECT_EQ(view.each<SessionEntry>([&](std::uint32_t at, auto const&) { return at == other; }), 1u);

    EXPECT_TRUE(directory.writer.is_torn<SessionEntry>(index));
    EXPECT_EQ(directory.writer.own<SessionEntry>(index)->session_id, 42u);
    directory.writer.mend<SessionEntry>(index);
    EXPECT_EQ(view.snapshot<SessionEntry>(index).value()->session_id, 42u);
}

TEST(Directory, MakesATornEntryWholeByTheNextChange) {
    TestDirectory directory;
    auto const index = directory.add_session(42, 1000);
    const_cast<SessionEntry*>(directory.view().live<SessionEntry>(index))->head.version.fetch_add(1);
    directory.writer.change<SessionEntry>(index, [](SessionEntry&) {});
    EXPECT_EQ(directory.view().snapshot<SessionEntry>(index).value()->session_id, 42u);
}

TEST(Directory, LeavesAnEntryWholeWhileOnlyItsLinksChange) {
    TestDirectory directory;
    auto const ring = directory.add_ring(7);
    auto const& version = directory.view().live<shm::RingEntry>(ring)->head.version;
    auto const before = version.load();
    directory.writer.change<shm::RingEntry>(ring, [](shm::RingEntry& entry) { entry.first_member = 5; });
    EXPECT_EQ(version.load(), before);
    EXPECT_EQ(directory.view().live<shm::RingEntry>(ring)->first_member.load(), 5u);
    directory.writer.change<shm::RingEntry>(ring, [](shm::RingEntry& entry) { entry.final_tail = 5; });
    EXPECT_EQ(version.load(), before + 2);
}

TEST(Directory, KeepsAnEpochThatIsRaisedWhileItsEntryChanges) {
    TestDirectory directory;
    auto const ring = directory.add_ring(7);
    directory.writer.change<shm::RingEntry>(ring, [&](shm::RingEntry& entry) {
        entry.capacity = 4096;
        directory.writer.raise_member_epoch(ring);
    });
    EXPECT_EQ(directory.view().live<shm::RingEntry>(ring)->member_epoch.load(), 1u);
}

TEST(Directory, GivesFreeEntriesUntilTheTableIsFullAndNamesIt) {
    TestDirectory directory;
    for (std::uint64_t id = 1; id <= 8; ++id) EXPECT_EQ(directory.add_session(id, 0), id - 1);
    auto const full = directory.writer.find_free<SessionEntry>();
    EXPECT_EQ(full.error(), Errc::limit);
    EXPECT_NE(full.error().what().find("sessions is full: 8"), std::string::npos) << full.error().what();
    directory.writer.free<SessionEntry>(5);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>().value(), 5u);
    EXPECT_EQ(directory.view().used<SessionEntry>(), 8u);
    EXPECT_EQ(directory.view().find_session(6), std::nullopt);
}

TEST(Directory, GivesTheLowestFreeEntryFirst) {
    TestDirectory directory;
    for (std::uint64_t id = 1; id <= 8; ++id) directory.add_session(id, 0);
    for (std::uint32_t const index : {6u, 2u, 4u}) directory.writer.free<SessionEntry>(index);
    for (std::uint32_t const index : {2u, 4u, 6u}) EXPECT_EQ(directory.add_session(20 + index, 0), index);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>().error(), Errc::limit);
}

TEST(Directory, PassesByFreeEntriesBelowWhereItIsToBegin) {
    TestDirectory directory;
    for (std::uint64_t id = 1; id <= 7; ++id) directory.add_session(id, 0);
    for (std::uint32_t const index : {2u, 4u}) directory.writer.free<SessionEntry>(index);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>(3).value(), 4u);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>(5).value(), 7u) << "never used until now";
    EXPECT_EQ(directory.writer.find_free<SessionEntry>(8).error(), Errc::limit);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>().value(), 2u);
}

TEST(Directory, GivesNoTornEntryUntilItIsMended) {
    TestDirectory directory;
    for (std::uint64_t id = 1; id <= 8; ++id) directory.add_session(id, 0);
    directory.writer.free<SessionEntry>(3);
    auto* const entry = const_cast<SessionEntry*>(directory.view().live<SessionEntry>(3));
    entry->head.version.fetch_add(1);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>().error(), Errc::limit);
    directory.writer.mend<SessionEntry>(3);
    EXPECT_EQ(directory.writer.find_free<SessionEntry>().value(), 3u);
}

TEST(DirectoryChain, IsReadWithItsEpoch) {
    TestDirectory directory;
    auto const ring = directory.add_ring(7);
    EXPECT_TRUE(members_of_ring(directory.view(), ring, 7).value().links.empty());
    shm::MemberEntry like{};
    for (like.subscription_id = 1; like.subscription_id <= 3; ++like.subscription_id) directory.add_member(ring, like);
    auto const chain = members_of_ring(directory.view(), ring, 7).value();
    EXPECT_EQ(chain.epoch, 3u);
    ASSERT_EQ(chain.links.size(), 3u);
    EXPECT_EQ(chain.links[0].entry->subscription_id, 3u);
    EXPECT_EQ(chain.links[2].entry->subscription_id, 1u);
    EXPECT_EQ(members_of_ring(directory.view(), ring, 8).error(), Errc::not_found);
    EXPECT_EQ(members_of_ring(directory.view(), 1000, 8).error(), Errc::not_found);
}

TEST(DirectoryChain, PassesByAnEntryBusdDiedWriting) {
    TestDirectory directory;
    auto const ring = directory.add_ring(7);
    shm::MemberEntry like{};
    like.subscription_id = 1;
    directory.add_member(ring, like);
    like.subscription_id = 2;
    auto const second = directory.add_member(ring, like);
    const_cast<shm::MemberEntry*>(directory.view().live<shm::MemberEntry>(second))->head.version.fetch_add(1);
    auto const chain = members_of_ring(directory.view(), ring, 7).value();
    ASSERT_EQ(chain.links.size(), 1u);
    EXPECT_EQ(chain.links[0].entry->subscription_id, 1u);
}

TEST(DirectoryChain, ThatGoesRoundOrAstrayIsGivenUp) {
    TestDirectory directory;
    auto const ring = directory.add_ring(7);
    shm::MemberEntry like{};
    auto const member = directory.add_member(ring, like);
    for (std::uint32_t const bad : {member, 15u, 16u, 0xFFFF'FFF0u}) {  // round, free, beyond
        directory.writer.change<shm::MemberEntry>(member, [&](shm::MemberEntry& entry) { entry.next_in_ring = bad; });
        EXPECT_EQ(members_of_ring(directory.view(), ring, 7).error(), Errc::no_broker) << bad;
    }
}

}  // namespace bus::test
