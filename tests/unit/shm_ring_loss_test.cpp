// Readers that are overrun: every message is either delivered or counted, once.
#include <random>

#include "support/test_ring.hpp"

namespace bus::test {

using shm::ReaderKind;
using shm::RingReader;

namespace {

/// Reads all there is; returns how many came.
std::uint64_t drain(RingReader<>& reader, Room& room, std::uint64_t& last_sequence) {
    std::uint64_t count = 0;
    for (;;) {
        auto const record = reader.next(room);
        if (!record) {
            EXPECT_EQ(record.error(), Errc::would_block) << record.error().what();
            return count;
        }
        EXPECT_EQ(record->sequence, last_sequence + record->lost_before + 1);
        EXPECT_TRUE(is_message(record->payload, record->sequence)) << record->sequence;
        last_sequence = record->sequence;
        ++count;
    }
}

}  // namespace

class RingLoss : public testing::TestWithParam<std::tuple<std::uint64_t, std::size_t>> {};

TEST_P(RingLoss, IsCountedExactlyAfterAnyNumberOfMessages) {
    auto const [capacity, longest] = GetParam();
    std::mt19937_64 random(capacity + longest);
    TestRing const ring(capacity);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    std::uint64_t sent = 0, received = 0, last = 0;
    for (int round = 0; round < 300; ++round) {
        std::uint64_t const burst = random() % (3 * capacity / (longest / 2 + 32) + 2);
        for (std::uint64_t i = 0; i < burst; ++i) {
            ++sent;
            ASSERT_EQ(writer.put(message_of(sent, random() % (longest + 1))), sent);
        }
        received += drain(reader, room, last);
        ASSERT_EQ(last, sent) << "the newest message is always there";
        ASSERT_EQ(received + reader.lost(), sent);
        ASSERT_EQ(reader.received(), received);
    }
    EXPECT_GT(reader.lost(), 0u);
    EXPECT_GT(received, 0u);
    EXPECT_EQ(reader.rubbish(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RingLoss,
                         testing::Values(std::tuple{4096, 0}, std::tuple{4096, 64}, std::tuple{4096, 1984}, std::tuple{8192, 100},
                                         std::tuple{65536, 64}, std::tuple{65536, 9000}, std::tuple{65536, 32704}));

TEST(RingLoss, LosesNoMoreThanTheOldestBlock) {
    TestRing const ring(65536);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    for (std::uint64_t i = 1; i <= 10'000; ++i) writer.put(message_of(i, 32));  // 64 bytes a record
    auto const record = reader.next(room).value();
    std::uint64_t const retained = 10'000 - record.sequence + 1;
    EXPECT_EQ(record.lost_before, record.sequence - 1);
    EXPECT_LE(retained, 65536 / 64);
    EXPECT_GE(retained, (65536 - 3 * shm::kBlock) / 64);  // what the writer claims ahead, and up to the first indexed record
}

TEST(RingLoss, GoesOnInAnIntactPlaceAfterABatchLongerThanTheRing) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    std::uint64_t last = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        writer.put(message_of(i, 1900));  // two a lap, a padding each
        if (i % 7 == 0) drain(reader, room, last);
    }
    drain(reader, room, last);
    EXPECT_EQ(last, 1000u);
    EXPECT_EQ(reader.received() + reader.lost(), 1000u);
}

TEST(RingLoss, IsCountedForAReliableReaderThatWasGivenUp) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    shm::Cursor cursor{};
    shm::attach_cursor(cursor, kTestRingId, 0);
    RingReader<> reader(ring.view(), ReaderKind::reliable, &cursor);
    Room room;
    std::uint64_t last = 0;
    for (std::uint64_t i = 1; i <= 500; ++i) writer.put(message_of(i, 50));  // refreshes its limit without asking the cursor
    drain(reader, room, last);
    EXPECT_EQ(last, 500u);
    EXPECT_GT(reader.lost(), 0u);
    EXPECT_EQ(reader.received() + reader.lost(), 500u);
    EXPECT_EQ(cursor.lost.load(), reader.lost());
    EXPECT_EQ(cursor.received.load(), reader.received());
}

TEST(RingLoss, IsNoticedWhenTheMessageIsOverwrittenDuringTheCopy) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    std::uint64_t sent = 0;
    for (int i = 0; i < 10; ++i) ++sent, writer.put(message_of(sent, 64));
    Room room;
    int asked = 0;
    auto const record = reader.next([&](std::size_t bytes) {
        if (++asked == 1)
            for (int i = 0; i < 100; ++i) ++sent, writer.put(message_of(sent, 64));  // laps us between the look at the head and the copy
        return room(bytes);
    });
    ASSERT_TRUE(record);
    EXPECT_EQ(asked, 2);
    EXPECT_GT(record->lost_before, 60u);
    EXPECT_EQ(record->lost_before, record->sequence - 1);
    EXPECT_TRUE(is_message(record->payload, record->sequence));
}

TEST(RingLoss, NeverKeepsAReaderRunningBehindAWriterThatAlwaysLapsIt) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    std::uint64_t sent = 0;
    Room room;
    int asked = 0;
    writer.put(message_of(++sent, 64));
    auto const record = reader.next([&](std::size_t bytes) {
        ++asked;
        for (int i = 0; i < 100; ++i) ++sent, writer.put(message_of(sent, 64));
        return room(bytes);
    });
    EXPECT_EQ(record.error(), Errc::would_block);
    EXPECT_LT(asked, 20);
    writer.put(message_of(++sent, 64));
    std::uint64_t last = 0;
    drain(reader, room, last);
    EXPECT_EQ(last, sent);
    EXPECT_EQ(reader.received() + reader.lost(), sent);
}

TEST(RingLossByDrop, IsKnownAtOnceAndToldOnceByTheNextMessage) {
    TestRing const ring(4096);
    shm::RingWriter<> writer(ring.writable());
    shm::Cursor cursor{};
    shm::attach_cursor(cursor, kTestRingId, 0);
    RingReader<> reader(ring.view(), ReaderKind::reliable, &cursor);
    Room room;
    auto const text = std::as_bytes(std::span("x"));
    ASSERT_EQ(writer.publish(text), 1u);
    writer.drop();
    writer.drop();
    EXPECT_EQ(reader.dropped_behind(), 0u) << "message 1 comes first";
    ASSERT_TRUE(reader.next(room));
    EXPECT_EQ(reader.dropped_behind(), 2u);
    EXPECT_EQ(reader.lost(), 0u);
    ASSERT_FALSE(reader.next(room));
    EXPECT_EQ(cursor.lost, 2u) << "the tools see it too";
    EXPECT_EQ(cursor.sequence, 3u);
    ASSERT_EQ(writer.publish(text), 4u);
    EXPECT_EQ(reader.dropped_behind(), 0u);
    EXPECT_EQ(reader.next(room).value().lost_before, 2u);
    EXPECT_EQ(reader.lost() + reader.dropped_behind(), 2u);
    reader.tell();
    EXPECT_EQ(cursor.lost, 2u);
    EXPECT_EQ(cursor.sequence, 4u);
}

TEST(RingLossByDrop, IsKnownWhereNoMessageEverCame) {
    TestRing const ring(4096);
    shm::RingWriter<> writer(ring.writable());
    RingReader<> const reader(ring.view(), ReaderKind::reliable, nullptr);
    EXPECT_EQ(reader.dropped_behind(), 0u);
    writer.drop();
    EXPECT_EQ(reader.dropped_behind(), 1u);
}

}  // namespace bus::test
