// What the next busd makes of a directory that a dead one could have left.
#include <gtest/gtest.h>

#include <algorithm>
#include <bus/bus.hpp>
#include <bus/introspect.hpp>
#include <csignal>

#include "busd.hpp"
#include "shm/directory_writer.hpp"
#include "shm/registry_reader.hpp"
#include "support/role.hpp"

namespace bus::test {
namespace {

class BusdAdoption : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

// The directory of a dead busd, as that one could have left it a moment earlier.
class Tampering {
public:
    Tampering()
        : mapping_(sys::SegmentMapping::attach(directory_id(), sys::Access::read_write).value()),
          writer_(shm::DirectoryWriter::open(mapping_.writable_bytes()).value()) {}
    shm::DirectoryWriter& operator*() { return writer_; }
    template <class Entry>
    void tear(std::uint32_t index) {
        const_cast<Entry*>(writer_.view().live<Entry>(index))->head.version.fetch_or(1);
    }

private:
    static int directory_id() { return shm::read_registry(Busd::folder() + "/registry").value().find(shm::ObjectKind::directory)->id; }
    sys::SegmentMapping mapping_;
    shm::DirectoryWriter writer_;
};

}  // namespace

TEST_F(BusdAdoption, WhatWasMadeAndNeverAnsweredIsUndoneByTheNext) {
    auto first = std::make_unique<Busd>();
    auto raw = RawClient::open().value();
    auto const kept = raw->publisher("kept").value();
    auto const last = raw->publisher("undone").value();
    EXPECT_FALSE(first->end(SIGKILL).exited);
    (*Tampering()).change<shm::SessionEntry>(raw->session().index(), [&](shm::SessionEntry& entry) { --entry.last_request; });
    Busd second;
    EXPECT_EQ(raw->bus().directory().find_ring(kept.id()), kept.index());
    EXPECT_FALSE(raw->bus().directory().find_ring(last.id()));
    EXPECT_FALSE(raw->bus().directory().find_topic("undone"));
}

// Its readers had attached it when busd died. Whoever asked for it asks again, and must not get the same memory while they look there.
TEST_F(BusdAdoption, AnUndoneRingIsNotReadOnAsTheOneThatWasMadeInstead) {
    for (bool const reliable : {false, true}) {
        auto first = std::make_unique<Busd>();
        auto reader = Connection::open({.name = "reader"}).value();
        auto subscriber = reader.subscriber<Bytes>("t", {.reliable = reliable}).value();
        auto writer = Connection::open({.name = "writer"}).value();
        auto const undone = writer.publisher<Bytes>("t", {.ring_bytes = 4096}).value();
        EXPECT_EQ(subscriber.publishers(), 1u);
        auto const clients = writer.clients().value();
        auto const session = std::ranges::find(clients, std::string("writer"), [](auto const& client) { return client.identity.name; });
        ASSERT_NE(session, clients.end());
        auto const index = look()->directory().find_session(session->id);
        ASSERT_TRUE(index);
        EXPECT_FALSE(first->end(SIGKILL).exited);
        (*Tampering()).change<shm::SessionEntry>(*index, [&](shm::SessionEntry& entry) { --entry.last_request; });
        Busd second;
        auto again = writer.publisher<Bytes>("t", {.ring_bytes = 4096}).value();
        ASSERT_TRUE(again.publish(std::string_view("once")));
        auto const sample = subscriber.try_receive();
        ASSERT_TRUE(sample);
        EXPECT_EQ(sample->info().publisher, again.id());
        EXPECT_EQ(subscriber.try_receive().error(), Errc::would_block) << "it came twice";
        EXPECT_EQ(subscriber.lost(), 0u);
        // What was undone goes when its readers have let it go.
        EXPECT_TRUE(eventually([&] {
            (void)subscriber.try_receive();
            return count_entries<shm::RingEntry>(*look()) == 1;
        }));
    }
}

TEST_F(BusdAdoption, EntriesTornByADeathAreWholeAgain) {
    auto first = std::make_unique<Busd>();
    auto raw = RawClient::open().value();
    auto const ring = raw->publisher("a").value();
    auto const reader = raw->subscription("a").value();
    EXPECT_FALSE(first->end(SIGKILL).exited);
    Tampering directory;
    directory.tear<shm::SessionEntry>(raw->session().index());
    directory.tear<shm::RingEntry>(ring.index());
    directory.tear<shm::SubscriptionEntry>(reader.index());
    directory.tear<shm::TopicEntry>(0);
    directory.tear<shm::MemberEntry>(0);
    EXPECT_FALSE(raw->bus().directory().find_ring(ring.id()));
    Busd second;
    EXPECT_EQ(raw->bus().directory().find_ring(ring.id()), ring.index());
    EXPECT_EQ(count_entries<shm::SessionEntry>(raw->bus()), 1u);
    EXPECT_EQ(count_entries<shm::SubscriptionEntry>(raw->bus()), 1u);
    EXPECT_EQ(count_entries<shm::TopicEntry>(raw->bus()), 1u);
    EXPECT_EQ(count_entries<shm::MemberEntry>(raw->bus()), 1u);
}

// As it is where busd died while it gave back what a session had: of a client that died, and of one that was evicted and lives.
TEST_F(BusdAdoption, WhatASessionFoundReapingStillHadIsTakenAway) {
    for (bool const client_lives : {false, true}) {
        auto first = std::make_unique<Busd>();
        auto child = run_role("client", {"x"});
        ASSERT_TRUE(child.expect_line("ready"));
        EXPECT_FALSE(first->end(SIGKILL).exited);
        (*Tampering()).change<shm::SessionEntry>(0, [](shm::SessionEntry& entry) {
            entry.head.state = static_cast<std::uint32_t>(shm::SessionState::reaping);
        });
        if (!client_lives) {
            child.kill(SIGKILL);
            (void)child.wait();
        }
        {
            Busd second;
            auto const bus = look();
            EXPECT_EQ(count_entries<shm::RingEntry>(*bus), 0u);
            EXPECT_EQ(count_entries<shm::SubscriptionEntry>(*bus), 0u);
            EXPECT_EQ(count_entries<shm::TopicEntry>(*bus), 0u);
            EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), client_lives ? 1u : 0u) << "its slot waits for the token";
            auto const objects = kernel_objects().value();
            EXPECT_TRUE(std::ranges::none_of(objects, [](auto const& object) { return object.use == "arena"; }));
        }
        child.kill(SIGKILL);
        (void)child.wait();
    }
}

}  // namespace bus::test
