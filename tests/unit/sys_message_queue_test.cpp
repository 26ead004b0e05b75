// SysV message queues.
#include "sys/message_queue.hpp"

#include <gtest/gtest.h>
#include <sys/msg.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <thread>

#include "support/child.hpp"
#include "support/ipc_namespace.hpp"
#include "support/signal_storm.hpp"
#include "sys/ipc_key.hpp"

namespace bus::test {

namespace {

using namespace std::chrono_literals;

std::span<std::byte const> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

sys::OwnedQueue make_queue(mode_t mode = 0600) { return sys::OwnedQueue::create(sys::random_key().value(), mode).value(); }

/// Fills it up to the last byte.
void fill(sys::Queue queue) {
    std::array<std::byte, 1024> const block{};
    while (queue.try_send(1, block)) {
    }
    while (queue.try_send(1, std::span(block).first(1))) {
    }
}

}  // namespace

TEST(Queue, DeliversTypeAndBytesInOrder) {
    auto const queue = make_queue();
    ASSERT_TRUE(queue.get().try_send(5, bytes_of("first")));
    ASSERT_TRUE(queue.get().try_send(3, bytes_of("")));
    std::array<std::byte, 64> room{};
    auto const first = queue.get().try_receive(0, room).value();
    EXPECT_EQ(first.type, 5);
    EXPECT_EQ(std::string_view(reinterpret_cast<char*>(room.data()), first.bytes), "first");
    auto const second = queue.get().try_receive(0, room).value();
    EXPECT_EQ(second.type, 3);
    EXPECT_EQ(second.bytes, 0U);
    EXPECT_EQ(queue.get().try_receive(0, room).error(), Errc::would_block);
}

TEST(Queue, ReceivesByTypeAndByTheLowestType) {
    auto const queue = make_queue();
    for (long const type : {7L, 4L, 9L}) ASSERT_TRUE(queue.get().try_send(type, {}));
    EXPECT_EQ(queue.get().try_receive(9, {}).value().type, 9);
    EXPECT_EQ(queue.get().try_receive(9, {}).error(), Errc::would_block);
    EXPECT_EQ(queue.get().try_receive(-8, {}).value().type, 4);
    EXPECT_EQ(queue.get().try_receive(-6, {}).error(), Errc::would_block);
    EXPECT_EQ(queue.get().try_receive(-8, {}).value().type, 7);
}

TEST(Queue, LeavesAMessageThatIsLargerThanTheRoomWhereItIs) {
    auto const queue = make_queue();
    ASSERT_TRUE(queue.get().try_send(1, bytes_of("twelve bytes")));
    std::array<std::byte, 11> small{};
    auto const refused = queue.get().try_receive(0, small);
    EXPECT_EQ(refused.error(), Errc::too_large);
    EXPECT_NE(refused.error().what().find("room for 11 bytes"), std::string::npos);
    std::array<std::byte, 12> enough{};
    EXPECT_EQ(queue.get().try_receive(0, enough).value().bytes, 12U);
}

TEST(Queue, SaysWouldBlockWithoutATextWhenFull) {
    auto const queue = make_queue();
    fill(queue.get());
    auto const full = queue.get().try_send(1, bytes_of("x"));
    EXPECT_EQ(full.error(), Errc::would_block);
    EXPECT_EQ(full.error().what(), "would_block");
    EXPECT_EQ(queue.get().send_until(1, bytes_of("x"), sys::deadline_after(5ms)).error(), Errc::timeout);
}

TEST(Queue, SendsAsSoonAsThereIsRoom) {
    auto const queue = make_queue();
    fill(queue.get());
    std::thread taker([&] {
        std::array<std::byte, 1024> room{};
        EXPECT_TRUE(eventually([&] { return queue.get().try_receive(0, room).has_value(); }));
    });
    EXPECT_TRUE(queue.get().send_until(2, bytes_of("x"), sys::deadline_after(patience())));
    taker.join();
}

TEST(Queue, TellsTheCausesOfEinvalApart) {
    auto const queue = make_queue();
    std::vector<std::byte> const large(100'000);
    auto const too_large = queue.get().try_send(1, large);
    EXPECT_EQ(too_large.error(), Errc::too_large);
    EXPECT_NE(too_large.error().hint().find("kernel.msgmax is "), std::string::npos);
    auto const no_type = queue.get().try_send(0, {});
    EXPECT_EQ(no_type.error(), Errc::invalid);
    EXPECT_NE(no_type.error().what().find("type 0"), std::string::npos);
    std::optional<sys::OwnedQueue> removed = make_queue();
    auto const id = removed->get();
    removed.reset();
    EXPECT_EQ(id.try_send(1, {}).error(), Errc::not_found);
    EXPECT_EQ(id.try_receive(0, {}).error(), Errc::not_found);
    EXPECT_EQ(id.stat().error(), Errc::not_found);
    EXPECT_EQ(id.remove().error(), Errc::not_found);
    EXPECT_EQ(id.set_owner({0, 0, 0600}).error(), Errc::not_found);
}

TEST(Queue, CarriesMessagesLargerThanTheUsualMaximum) {
    SysctlGuard const large("kernel.msgmax", "12000");
    if (!large.ok()) GTEST_SKIP() << "kernel.msgmax can't be changed here";
    auto const queue = make_queue();
    std::vector<std::byte> const out(12'000, std::byte{42});
    ASSERT_TRUE(queue.get().try_send(1, out));
    std::vector<std::byte> in(12'000);
    EXPECT_EQ(queue.get().try_receive(0, in).value().bytes, 12'000U);
    EXPECT_EQ(in, out);
}

TEST(Queue, IsRefusedUnderATakenKeyAndFoundUnderItsOwn) {
    auto const key = sys::random_key().value();
    auto const queue = sys::OwnedQueue::create(key, 0600).value();
    auto const second = sys::OwnedQueue::create(key, 0600);
    EXPECT_EQ(second.error(), Errc::conflict);
    EXPECT_EQ(sys::Queue::open(key).value().id(), queue.id());
    EXPECT_EQ(sys::Queue::open(key ^ 1).error(), Errc::not_found);
}

TEST(Queue, TellsWhatIsInItAndWhoUsedItLast) {
    auto const queue = make_queue(0640);
    ASSERT_TRUE(queue.get().try_send(1, bytes_of("12345")));
    auto const stat = queue.get().stat().value();
    EXPECT_EQ(stat.messages, 1U);
    EXPECT_EQ(stat.bytes, 5U);
    EXPECT_EQ(stat.permissions.mode, 0640U);
    EXPECT_EQ(stat.permissions.creator_uid, ::geteuid());
    EXPECT_EQ(stat.last_sender, ::getpid());
    EXPECT_GT(stat.capacity_bytes, 0U);
}

TEST(Queue, CapacityCanBeCutAndNeverSilentlyOverflows) {
    auto const queue = make_queue();
    ASSERT_TRUE(queue.get().set_capacity(100));
    EXPECT_EQ(queue.get().stat().value().capacity_bytes, 100U);
    EXPECT_EQ(queue.get().set_capacity(std::size_t{1} << 33).error(), Errc::invalid);
    EXPECT_EQ(queue.get().stat().value().capacity_bytes, 100U);
}

TEST(OwnedQueue, LeavesAReleasedOneAndRemovesAnAdoptedOne) {
    auto queue = make_queue();
    auto const id = queue.release();
    { sys::OwnedQueue const gone = std::move(queue); }
    EXPECT_TRUE(id.stat());
    { auto const adopted = sys::OwnedQueue::adopt(id); }
    EXPECT_EQ(id.stat().error(), Errc::not_found);
}

TEST(OwnedQueue, OfTheParentIsNotRemovedByAForkedChild) {
    auto queue = std::optional(make_queue());
    EXPECT_EQ(run_forked([&] {
                  queue.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(queue->get().stat());
}

TEST(Queue, WithStandsASignalStorm) {
    auto const queue = make_queue();
    SignalStorm const storm;
    std::array<std::byte, 64> room{};
    std::uint64_t sent = 0;
    while (storm.count() < 200) {
        ASSERT_TRUE(queue.get().send_until(1, room, sys::deadline_after(patience())));
        ASSERT_TRUE(queue.get().try_receive(0, room));
        ++sent;
    }
    EXPECT_GT(sent, 0U);
}

TEST(QueueRights, GiveOwnerAndCreatorAndNobodyElseTheLobby) {
    BUS_REQUIRE_ROOT();
    auto const key = sys::random_key().value();
    auto const broker = run_forked(
        [&] {
            auto queue = sys::OwnedQueue::create(key, 0600).value();
            queue.get().set_owner({kAliceUid, kAliceUid, 0600}).value();
            queue.release().try_send(1, bytes_of("for alice")).value();
            return 0;
        },
        {.uid = kBrokerUid});
    ASSERT_EQ(broker, 0);
    auto const queue = sys::OwnedQueue::adopt(sys::Queue::open(key).value());
    auto const probe = [&] {
        std::array<std::byte, 64> room{};
        auto const got = queue.get().try_receive(0, room);
        if (got) queue.get().try_send(1, bytes_of("for alice")).value();
        return got ? 0 : got.error().code() == Errc::not_permitted ? 1 : 2;
    };
    EXPECT_EQ(run_forked(probe, {.uid = kAliceUid}), 0);
    EXPECT_EQ(run_forked(probe, {.uid = kBrokerUid}), 0);
    EXPECT_EQ(run_forked(probe, {.uid = kBobUid}), 1);
    // The control: the same probe gets through when the mode is widened.
    ASSERT_TRUE(queue.get().set_owner({kAliceUid, kAliceUid, 0666}));
    EXPECT_EQ(run_forked(probe, {.uid = kBobUid}), 0);
}

TEST(QueueRights, AreNotNeededToSeeWhoMadeIt) {
    BUS_REQUIRE_ROOT();
    auto const queue = make_queue(0600);
    ASSERT_TRUE(queue.get().set_owner({kAliceUid, kAliceUid, 0600}));
    EXPECT_EQ(run_forked(
                  [&] {
                      auto const stat = queue.get().stat().value();
                      return stat.permissions.creator_uid == 0 && stat.permissions.owner_uid == kAliceUid ? 0 : 1;
                  },
                  {.uid = kBobUid}),
              0);
}

TEST(QueueRights, OfAPlainUidEndAtTheKernelsCapacity) {
    BUS_REQUIRE_ROOT();
    EXPECT_EQ(run_forked(
                  [] {
                      auto const queue = make_queue();
                      auto const raised = queue.get().set_capacity(1 << 30);
                      return !raised && raised.error() == Errc::not_permitted &&
                                     raised.error().hint().find("kernel.msgmnb") != std::string::npos
                                 ? 0
                                 : 1;
                  },
                  {.uid = kAliceUid}),
              0);
}

}  // namespace bus::test
