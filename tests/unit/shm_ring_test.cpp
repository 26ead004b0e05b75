// One ring, one writer, readers: what is committed is read whole, in order and once.
#include "support/test_ring.hpp"

namespace bus::test {

using shm::Cursor;
using shm::ReaderKind;
using shm::RingReader;
using shm::RingWriter;

TEST(Ring, DeliversWhatWasPublishedInOrder) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    EXPECT_EQ(reader.next(room).error(), Errc::would_block);
    EXPECT_EQ(writer.put("one"), 1u);
    EXPECT_EQ(writer.put("two"), 2u);
    EXPECT_TRUE(reader.has_news());
    auto const first = reader.next(room).value();
    EXPECT_EQ(text_of(first.payload), "one");
    EXPECT_EQ(first.sequence, 1u);
    EXPECT_EQ(first.lost_before, 0u);
    EXPECT_EQ(text_of(reader.next(room).value().payload), "two");
    EXPECT_FALSE(reader.has_news());
    EXPECT_EQ(reader.next(room).error(), Errc::would_block);
}

TEST(Ring, CarriesEveryLengthFromNothingToTheLongestThroughAllPlacesOfTheArea) {
    TestRing const ring(8192);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    std::uint64_t sequence = 0;
    for (std::size_t bytes = 0; bytes <= shm::max_payload_bytes(8192); ++bytes) {
        ASSERT_EQ(writer.put(message_of(++sequence, bytes)), sequence);
        auto const record = reader.next(room);
        ASSERT_TRUE(record) << record.error().what();
        ASSERT_EQ(record->sequence, sequence);
        ASSERT_EQ(record->payload.size(), bytes);
        ASSERT_TRUE(is_message(record->payload, sequence));
    }
    EXPECT_EQ(reader.lost(), 0u);
    EXPECT_GT(reader.position(), 100 * 8192u);  // so it went round many times
}

TEST(Ring, RefusesAMessageThatCanNeverFitAndNamesTheNumbers) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    std::size_t const longest = shm::max_payload_bytes(4096);
    ASSERT_TRUE(writer.reserve(longest));
    writer.cancel();
    auto const refused = writer.reserve(longest + 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Errc::too_large);
    EXPECT_NE(refused.error().what().find(std::to_string(longest + 1)), std::string::npos);
    EXPECT_NE(refused.error().what().find("4096"), std::string::npos);
    EXPECT_NE(refused.error().what().find(std::to_string(longest)), std::string::npos);
    EXPECT_EQ(writer.put("still works"), 1u);
}

TEST(Ring, KeepsRoomForTheLongestMessageWhereverItStands) {
    for (std::uint64_t lead = 0; lead < 4096; lead += 32) {
        TestRing const ring(4096);
        FreeWriter<> writer(ring);
        for (std::uint64_t at = 0; at < lead; at += 32) ASSERT_NE(writer.put(std::string()), 0u);
        for (std::size_t alignment : {32, 64}) {
            writer.refresh_limit([](std::uint64_t tail) { return tail; });
            ASSERT_TRUE(writer.reserve(shm::max_payload_bytes(4096), 0, alignment)) << lead;
            writer.commit(shm::max_payload_bytes(4096));
        }
    }
}

TEST(Ring, ShowsNothingOfAReservationThatWasCancelled) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    auto const span = writer.reserve(100).value();
    std::memset(span.data(), 0xEE, span.size());
    EXPECT_EQ(reader.next(room).error(), Errc::would_block);
    writer.cancel();
    EXPECT_EQ(reader.next(room).error(), Errc::would_block);
    EXPECT_EQ(writer.put("after"), 1u);  // the number was not used up
    EXPECT_EQ(text_of(reader.next(room).value().payload), "after");
}

TEST(Ring, ShrinksAReservationToWhatWasUsed) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    auto const span = writer.reserve(1000).value();
    std::memcpy(span.data(), "abc", 3);
    writer.commit(3, {.steady_ns = 12, .wall_ns = -5});
    EXPECT_EQ(writer.tail(), shm::record_bytes(3, 0));
    auto const record = reader.next(room).value();
    EXPECT_EQ(text_of(record.payload), "abc");
    EXPECT_EQ(record.stamps.steady_ns, 12u);
    EXPECT_EQ(record.stamps.wall_ns, -5);
}

TEST(Ring, ShowsABatchOnlyWhenItIsFlushed) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    for (int i = 1; i <= 5; ++i) {
        ASSERT_NE(writer.try_reserve(10), nullptr);
        EXPECT_EQ(writer.append(10), static_cast<std::uint64_t>(i));
        EXPECT_FALSE(reader.has_news());
    }
    writer.flush();
    for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(reader.next(room).value().sequence, i);
}

TEST(Ring, CarriesAnExtensionInFrontOfThePayload) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    for (int lap = 0; lap < 100; ++lap) {
        writer.refresh_limit([](std::uint64_t tail) { return tail; });
        auto const span = writer.reserve(5, 64).value();
        std::memcpy(span.data(), "after", 5);
        std::memset(writer.extension(), 'x', 64);
        writer.commit(5);
        auto const record = reader.next(room).value();
        EXPECT_EQ(text_of(record.extension), std::string(64, 'x'));
        EXPECT_EQ(text_of(record.payload), "after");
    }
}

TEST(Ring, PutsAPayloadAtAMultipleOf64WhereverItStands) {
    TestRing const ring(4096);
    FreeWriter<shm::PlainMemory> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    std::uint64_t sequence = 0;
    for (std::size_t bytes = 0; bytes < 1000; bytes += 13) {
        for (std::uint16_t extension : {0, 32, 64}) {
            writer.refresh_limit([](std::uint64_t tail) { return tail; });
            auto const span = writer.reserve(bytes, extension, 64).value();
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(span.data()) % 64, 0u);
            auto const payload = message_of(++sequence, bytes);
            if (bytes != 0) std::memcpy(span.data(), payload.data(), bytes);
            writer.commit(bytes);
            auto const record = reader.next(room);
            ASSERT_TRUE(record) << record.error().what();
            ASSERT_TRUE(is_message(record->payload, sequence));
            ASSERT_EQ(record->payload.size(), bytes);
        }
    }
}

TEST(Ring, IsLimitedByAReliableReaderAndGoesOnWhenItReads) {
    TestRing const ring(4096);
    RingWriter<> writer(ring.writable());
    Cursor cursor{};
    shm::attach_cursor(cursor, kTestRingId, 0);
    RingReader<> reader(ring.view(), ReaderKind::reliable, &cursor);
    auto const floor = [&](std::uint64_t) { return shm::position_of(cursor, kTestRingId).value(); };
    std::uint64_t sent = 0, received = 0;
    Room room;
    for (int round = 0; round < 50; ++round) {
        while (writer.publish(message_of(sent + 1, 40 + sent % 100))) ++sent;
        EXPECT_FALSE(writer.refresh_limit(floor)) << "nothing was read, so there is no more room";
        EXPECT_EQ(writer.reserve(500).error(), Errc::would_block);
        for (int i = 0; i < 9; ++i) {
            auto const record = reader.next(room).value();
            EXPECT_EQ(record.sequence, ++received);
            EXPECT_TRUE(is_message(record.payload, received));
        }
        reader.tell();
        EXPECT_TRUE(writer.refresh_limit(floor));
    }
    EXPECT_EQ(reader.lost(), 0u);
    EXPECT_GT(writer.tail(), 4 * 4096u);
}

TEST(Ring, KeepsTheRoomOfMessagesHeldInPlaceUntilTheyAreReleased) {
    TestRing const ring(4096);
    RingWriter<> writer(ring.writable());
    Cursor cursor{};
    shm::attach_cursor(cursor, kTestRingId, 0);
    RingReader<> reader(ring.view(), ReaderKind::reliable, &cursor);
    auto const floor = [&](std::uint64_t) { return shm::position_of(cursor, kTestRingId).value(); };
    std::uint64_t sent = 0;
    while (writer.publish(message_of(sent + 1, 100))) ++sent;
    auto const held = reader.next_in_place().value();
    std::uint64_t last_end = 0;
    for (std::uint64_t i = 2; i <= sent; ++i) last_end = reader.next_in_place().value().end;
    EXPECT_EQ(reader.next_in_place().error(), Errc::would_block);
    EXPECT_FALSE(writer.refresh_limit(floor));
    EXPECT_TRUE(is_message(held.payload, 1));
    reader.release(held.end);
    EXPECT_EQ(cursor.position.load(), held.end);
    EXPECT_TRUE(writer.refresh_limit(floor));
    EXPECT_NE(writer.publish(message_of(sent + 1, 100)), 0u);
    EXPECT_EQ(writer.publish(message_of(sent + 2, 100)), 0u);
    reader.release(last_end);
    reader.release(held.end);  // too late to matter
    EXPECT_EQ(cursor.position.load(), last_end);
    EXPECT_EQ(cursor.received.load(), sent);
}

TEST(Ring, IgnoresACursorThatSaysMoreThanWasWritten) {
    TestRing const ring(4096);
    RingWriter<> writer(ring.writable());
    ASSERT_NE(writer.publish(message_of(1, 100)), 0u);
    writer.refresh_limit([](std::uint64_t) { return ~std::uint64_t{0} - 100; });
    EXPECT_EQ(writer.limit(), writer.tail() + 4096);
}

TEST(Ring, CountsADroppedMessageAtItsReader) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    writer.put("1");
    writer.drop();
    writer.drop();
    EXPECT_EQ(writer.put("4"), 4u);
    (void)reader.next(room).value();
    EXPECT_EQ(reader.next(room).value().lost_before, 2u);
    EXPECT_EQ(ring.view().head->dropped.load(), 2u);
}

TEST(Ring, TellsSleepersWhetherItFences) {
    TestRing const ring(4096);
    RingWriter<> writer(ring.writable());
    EXPECT_TRUE(writer.fenced());
    writer.set_fenced(false);
    EXPECT_FALSE(writer.fenced());
    EXPECT_EQ(ring.view().head->fenced.load(), 0u);
    writer.set_fenced(true);
    EXPECT_EQ(ring.view().head->fenced.load(), 1u);
}

}  // namespace bus::test
