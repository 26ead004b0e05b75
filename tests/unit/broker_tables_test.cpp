// Topics, rings, subscriptions and members in a directory that lies in ordinary memory: no process, no kernel object.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

#include "ids.hpp"
#include "ring_table.hpp"
#include "session_table.hpp"
#include "shm/chains.hpp"
#include "shm/directory_format.hpp"
#include "topic_table.hpp"

namespace bus::broker {
namespace {

class Tables : public testing::Test {
protected:
    static constexpr shm::DirectorySizes kSizes{
        .users = 2, .sessions = 4, .topics = 3, .rings = 4, .subscriptions = 4, .members = 6, .schemas = 2};

    Tables() : memory_(static_cast<std::byte*>(::operator new(bytes_, std::align_val_t{4096}))) {
        std::fill_n(memory_.get(), bytes_, std::byte{});
        shm::format_directory({memory_.get(), bytes_}, kSizes);
        directory = shm::DirectoryWriter::open({memory_.get(), bytes_}).value();
    }

    Ring& ring(Topic& topic) {
        Ring made;
        made.id = ids.next();
        made.topic = topic.index;
        auto* const added = rings.add(made, topic.rings.empty() ? shm::kNil : topic.rings.front()).value();
        topics.link_ring(topic, added->index);
        return *added;
    }
    Subscription& subscription() {
        Subscription made;
        made.id = ids.next();
        made.pattern = "**";
        return *subscriptions.add(made).value();
    }
    // As a publisher and a reader see the chains.
    std::vector<std::uint32_t> members_of(Ring const& ring) {
        std::vector<std::uint32_t> found;
        for (auto const& link : shm::members_of_ring(directory.view(), ring.index, ring.id).value().links) found.push_back(link.index);
        return found;
    }
    std::vector<std::uint32_t> members_of(Subscription const& subscription) {
        std::vector<std::uint32_t> found;
        for (auto const& link : shm::members_of_subscription(directory.view(), subscription.index, subscription.id).value().links) {
            found.push_back(link.index);
        }
        return found;
    }
    std::vector<std::uint32_t> rings_of(Topic const& topic) {
        std::vector<std::uint32_t> found;
        for (auto const& link : shm::rings_of_topic(directory.view(), topic.index, topic.id).value().links) found.push_back(link.index);
        return found;
    }

    struct Free {
        void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t{4096}); }
    };
    std::size_t bytes_ = shm::directory_bytes(kSizes);
    std::unique_ptr<std::byte[], Free> memory_;
    shm::DirectoryWriter directory;
    Ids ids{1};
    TopicTable topics{directory, ids};
    RingTable rings{directory};
    SubscriptionTable subscriptions{directory};
    MemberTable members{directory};
};

TEST_F(Tables, ATopicIsFoundByNameAndVisibleInTheDirectory) {
    auto* const topic = topics.find_or_create("robot/pose").value();
    EXPECT_EQ(topics.find_or_create("robot/pose").value(), topic);
    EXPECT_EQ(topics.find("robot/other"), nullptr);
    auto const entry = directory.view().snapshot<shm::TopicEntry>(topic->index).value();
    EXPECT_EQ(shm::text(entry->name), "robot/pose");
    EXPECT_EQ(entry->schema, shm::kNil);
}

TEST_F(Tables, AFullTableOfTopicsIsALimitThatChangesNothing) {
    for (auto const* const name : {"a", "b", "c"}) ASSERT_TRUE(topics.find_or_create(name));
    auto const refused = topics.find_or_create("d");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Errc::limit);
    EXPECT_NE(refused.error().what().find('3'), std::string::npos) << refused.error().what();
    EXPECT_EQ(topics.find("d"), nullptr);
    EXPECT_TRUE(topics.remove_unneeded(*topics.find("b")));
    EXPECT_TRUE(topics.find_or_create("d"));
}

TEST_F(Tables, ANeededTopicStays) {
    auto* const topic = topics.find_or_create("a").value();
    auto& held = ring(*topic);
    EXPECT_FALSE(topics.remove_unneeded(*topic));
    topics.unlink_ring(*topic, held.index);
    EXPECT_TRUE(topics.remove_unneeded(*topic));
}

TEST_F(Tables, TheChainOfRingsLosesAnyOfThem) {
    auto& topic = *topics.find_or_create("a").value();
    auto& first = ring(topic);
    auto& second = ring(topic);
    auto& third = ring(topic);
    EXPECT_EQ(rings_of(topic), (std::vector{third.index, second.index, first.index}));
    topics.unlink_ring(topic, second.index);
    EXPECT_EQ(rings_of(topic), (std::vector{third.index, first.index}));
    topics.unlink_ring(topic, third.index);
    EXPECT_EQ(rings_of(topic), (std::vector{first.index}));
    topics.unlink_ring(topic, first.index);
    EXPECT_TRUE(rings_of(topic).empty());
}

TEST_F(Tables, AMemberIsInBothChainsAndRaisesBothEpochs) {
    auto& topic = *topics.find_or_create("a").value();
    auto& one = ring(topic);
    auto& other = ring(topic);
    auto& reader = subscription();
    auto& second = subscription();
    auto const before = shm::members_of_ring(directory.view(), one.index, one.id).value().epoch;
    auto const a = members.add(one, reader, 0, {}).value();
    auto const b = members.add(one, second, 0, {}).value();
    auto const c = members.add(other, reader, 1, {4096, true}).value();
    EXPECT_EQ(members_of(one), (std::vector{b, a}));
    EXPECT_EQ(members_of(reader), (std::vector{c, a}));
    EXPECT_EQ(shm::members_of_ring(directory.view(), one.index, one.id).value().epoch, before + 2);
    auto const entry = directory.view().snapshot<shm::MemberEntry>(c).value();
    EXPECT_EQ(entry->start, 4096u);
    EXPECT_EQ(entry->joined_later, 1u);
    EXPECT_EQ(entry->cursor, 1u);

    members.remove(one, reader, a);
    EXPECT_EQ(members_of(one), (std::vector{b}));
    EXPECT_EQ(members_of(reader), (std::vector{c}));
    EXPECT_EQ(members.find(one, reader), shm::kNil);
    members.remove(other, reader, c);
    EXPECT_TRUE(members_of(reader).empty());
    EXPECT_EQ(members_of(one), (std::vector{b}));
}

TEST_F(Tables, RemovingMembersInAnyOrderLeavesWholeChains) {
    for (int skip = 0; skip < 3; ++skip) {
        auto& topic = *topics.find_or_create("a").value();
        auto& read = ring(topic);
        std::vector<Subscription*> readers;
        std::vector<std::uint32_t> all;
        for (int i = 0; i < 3; ++i) {
            readers.push_back(&subscription());
            all.push_back(members.add(read, *readers.back(), 0, {}).value());
        }
        members.remove(read, *readers[skip], all[skip]);
        std::vector<std::uint32_t> left{all.rbegin(), all.rend()};
        std::erase(left, all[skip]);
        EXPECT_EQ(members_of(read), left);
        for (int i = 0; i < 3; ++i) {
            if (i != skip) members.remove(read, *readers[i], all[i]);
            subscriptions.remove(*readers[i]);
        }
        topics.unlink_ring(topic, read.index);
        rings.remove(read);
    }
    EXPECT_EQ(members.available(), kSizes.members);
}

TEST_F(Tables, AFullTableOfMembersIsALimitAndLinksNothing) {
    auto& topic = *topics.find_or_create("a").value();
    auto& one = ring(topic);
    auto& other = ring(topic);
    for (std::uint32_t i = 0; i < 3; ++i) {
        auto& reader = subscription();
        ASSERT_TRUE(members.add(one, reader, 0, {}));
        ASSERT_TRUE(members.add(other, reader, 1, {}));
    }
    auto& late = subscription();
    EXPECT_EQ(members.add(one, late, 0, {}).error(), Errc::limit);
    EXPECT_EQ(members_of(one).size(), 3u);
    EXPECT_TRUE(members_of(late).empty());
}

TEST_F(Tables, AFreedEntryIsUsedAgainUnderAnotherId) {
    auto& topic = *topics.find_or_create("a").value();
    auto& first = ring(topic);
    auto const [index, id] = std::pair(first.index, first.id);
    topics.unlink_ring(topic, index);
    rings.remove(first);
    auto& next = ring(topic);
    EXPECT_EQ(next.index, index);
    EXPECT_NE(next.id, id);
    EXPECT_FALSE(shm::members_of_ring(directory.view(), index, id));
}

TEST(CursorPlaces, GivesEachOutOnceAndTheLastReturnedLast) {
    CursorPlaces places(3);
    EXPECT_EQ(places.take(), 0u);
    EXPECT_EQ(places.take(), 1u);
    places.give_back(0);
    EXPECT_EQ(places.take(), 2u);
    EXPECT_EQ(places.take(), 0u);
    EXPECT_EQ(places.take(), std::nullopt);
    places.give_back(1);
    EXPECT_EQ(places.available(), 1u);
    EXPECT_EQ(places.take(), 1u);
}

TEST(Ids, NeverComeTwiceOverGenerations) {
    Ids one(1), two(2);
    auto const first = one.next();
    EXPECT_NE(first, 0u);
    EXPECT_EQ(one.next(), first + 1);
    EXPECT_GT(two.next(), first + 1'000'000);
}

}  // namespace
}  // namespace bus::broker
