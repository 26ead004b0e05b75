// Where readers begin, and what a writer that died left.
#include <sys/mman.h>

#include "shm/ring_history.hpp"
#include "support/child.hpp"
#include "support/test_ring.hpp"

namespace bus::test {

using shm::ReaderKind;
using shm::RingPlace;
using shm::RingReader;
using shm::RingWriter;

namespace {

std::uint64_t first_read(shm::RingView const& ring, RingPlace place) {
    RingReader<> reader(ring, ReaderKind::best_effort, nullptr);
    reader.start_at(place);
    Room room;
    auto const record = reader.next(room);
    EXPECT_TRUE(!record || is_message(record->payload, record->sequence));
    return record ? record->sequence : 0;
}

}  // namespace

TEST(RingStart, IsSequenceOneInAnEmptyRing) {
    TestRing const ring(4096);
    for (auto const place : {shm::place_of_tail(ring.view()), shm::place_of_oldest(ring.view()), shm::place_of_history(ring.view(), 5),
                             shm::place_of_sequence(ring.view(), 1), shm::place_of_position(ring.view(), 0)})
        EXPECT_EQ(place, (RingPlace{0, 1}));
}

TEST(RingStart, FindsTheTailAndItsSequenceAfterEveryMessage) {
    TestRing const ring(8192);
    FreeWriter<> writer(ring);
    for (std::uint64_t sent = 1; sent <= 2000; ++sent) {
        writer.put(message_of(sent, sent * 37 % 3000));
        ASSERT_EQ(shm::place_of_tail(ring.view()), (RingPlace{writer.tail(), sent + 1}));
    }
}

// What busd keeps of a retained topic is found by the index, whose entry is written before its record is committed: hence two blocks at
// least.
TEST(RingStart, FindsTheLastMessageOfAWriterThatDiedInTheNextWhereThereAreTwoBlocks) {
    auto const found_nothing = [](std::uint64_t capacity) {
        TestRing const ring(capacity);
        FreeWriter<> writer(ring);
        std::uint64_t count = 0;
        for (std::uint64_t sent = 1; sent <= 3000; ++sent) {
            writer.put(message_of(sent, sent * 37 % 300));
            auto const next = message_of(sent + 1, sent * 2654435761U % (capacity / 4 - 32));
            auto* to = writer.try_reserve(next.size());
            if (to == nullptr) {
                writer.refresh_limit([](std::uint64_t tail) { return tail; });
                to = writer.try_reserve(next.size());
            }
            if (!next.empty()) std::memcpy(to, next.data(), next.size());
            writer.append(next.size());
            auto const marks = shm::marks_of_last(ring.view(), 0);
            count += marks.empty() || marks.back().sequence != sent;
            writer.rollback();
        }
        return count;
    };
    EXPECT_EQ(found_nothing(8192), 0U);
    EXPECT_GT(found_nothing(4096), 0U);
}

TEST(RingStart, CountsWhatIsLostBetweenTheTailAndTheFirstMessage) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    for (std::uint64_t i = 1; i <= 10; ++i) writer.put(message_of(i, 64));
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    reader.start_at(shm::place_of_tail(ring.view()));
    for (std::uint64_t i = 11; i <= 500; ++i) writer.put(message_of(i, 64));
    Room room;
    auto const record = reader.next(room).value();
    EXPECT_EQ(record.lost_before, record.sequence - 11);
}

TEST(RingStart, FindsTheLastNMessagesAfterManyLaps) {
    TestRing const ring(65536);
    FreeWriter<> writer(ring);
    for (std::uint64_t sent = 1; sent <= 5000; ++sent) {
        writer.put(message_of(sent, sent * 37 % 300));
        if (sent % 61 != 0) continue;
        for (std::uint64_t history : {1, 2, 7, 50, 100})
            ASSERT_EQ(first_read(ring.view(), shm::place_of_history(ring.view(), history)), sent > history ? sent - history + 1 : 1);
    }
}

TEST(RingStart, GivesTheOldestWhereTheHistoryIsLongerThanTheRing) {
    TestRing const ring(8192);
    FreeWriter<> writer(ring);
    for (std::uint64_t sent = 1; sent <= 1000; ++sent) writer.put(message_of(sent, 64));
    std::uint64_t const oldest = first_read(ring.view(), shm::place_of_oldest(ring.view()));
    EXPECT_GT(oldest, 900u);
    EXPECT_LT(oldest, 1000u);
    EXPECT_EQ(first_read(ring.view(), shm::place_of_history(ring.view(), 500)), oldest);
    EXPECT_EQ(first_read(ring.view(), shm::place_of_sequence(ring.view(), 1)), oldest);
}

TEST(RingStart, FindsEachSequenceAndPositionThatIsRetained) {
    TestRing const ring(65536);
    FreeWriter<> writer(ring);
    std::vector<std::uint64_t> end{0};
    for (std::uint64_t sent = 1; sent <= 3000; ++sent) {
        writer.put(message_of(sent, sent * 53 % 500));
        end.push_back(writer.tail());
    }
    std::uint64_t const oldest = first_read(ring.view(), shm::place_of_oldest(ring.view()));
    for (std::uint64_t sequence = oldest; sequence <= 3000; ++sequence) {
        auto const place = shm::place_of_sequence(ring.view(), sequence);
        ASSERT_EQ(place.sequence, sequence);
        ASSERT_EQ(first_read(ring.view(), place), sequence);
        ASSERT_EQ(shm::place_of_position(ring.view(), end[sequence - 1]), (RingPlace{end[sequence - 1], sequence}));
    }
    EXPECT_EQ(shm::place_of_sequence(ring.view(), 3001), (RingPlace{writer.tail(), 3001}));
    EXPECT_EQ(shm::place_of_sequence(ring.view(), 9999), (RingPlace{writer.tail(), 3001}));
    EXPECT_EQ(first_read(ring.view(), shm::place_of_position(ring.view(), 0)), oldest);
}

TEST(RingStart, FindsTheMessageBehindThoseThatWereGivenUp) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    for (std::uint64_t sent = 1; sent <= 5; ++sent) writer.put(message_of(sent, 8));
    writer.drop();
    writer.drop();
    for (std::uint64_t sent = 8; sent <= 10; ++sent) writer.put(message_of(sent, 8));
    for (std::uint64_t const wanted : {6, 7, 8}) {
        auto const place = shm::place_of_sequence(ring.view(), wanted);
        EXPECT_EQ(place.sequence, wanted);  // those given up count, where they were asked for
        EXPECT_EQ(first_read(ring.view(), place), 8u);
    }
    EXPECT_EQ(first_read(ring.view(), shm::place_of_last(ring.view(), 3)), 8u);
    EXPECT_EQ(first_read(ring.view(), shm::place_of_last(ring.view(), 4)), 5u);
}

TEST(RingStart, IgnoresIndexEntriesOfWhatWasNeverCommitted) {
    TestRing const ring(8192);
    FreeWriter<> writer(ring);
    for (std::uint64_t i = 1; i <= 3; ++i) writer.put(message_of(i, 1500));
    auto const before = shm::place_of_tail(ring.view());
    while (writer.try_reserve(1000) != nullptr) writer.append(1000);  // and the writer is gone
    EXPECT_EQ(shm::place_of_tail(ring.view()), before);
    EXPECT_EQ(shm::place_of_sequence(ring.view(), 100), before);
}

TEST(RingStart, OfAReliableReaderIsNeverBelowWhatThePublisherMayOverwrite) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    for (std::uint64_t i = 1; i <= 100; ++i) writer.put(message_of(i, 64));
    shm::Cursor cursor{};
    auto const start = shm::join_reliably(ring.view(), cursor, {32, 2});
    EXPECT_GE(start.position, writer.limit() - 4096);
    EXPECT_LE(start.position, writer.tail());
    EXPECT_EQ(cursor.position.load(), start.position);
    EXPECT_EQ(cursor.ring_id.load(), kTestRingId);
    auto const tail = shm::place_of_tail(ring.view());
    EXPECT_EQ(shm::join_reliably(ring.view(), cursor, tail), tail);
}

TEST(RingStart, MakesAWriterThatRefreshesMeanwhileTakeItsAnnouncementBack) {
    TestRing const ring(4096);
    RingWriter<> writer(ring.writable());
    while (writer.publish(message_of(1, 64))) {
    }
    shm::Cursor cursor{};
    bool joined = false;
    auto const floor = [&](std::uint64_t tail) {  // the reader joins between the first look and the second, and has not seen the new limit
        if (!joined) return joined = true, tail;
        shm::attach_cursor(cursor, kTestRingId, 96);
        return cursor.position.load();
    };
    EXPECT_TRUE(writer.refresh_limit(floor));
    EXPECT_EQ(writer.limit(), 4096u + 96);
    EXPECT_EQ(ring.view().head->limit.load(), 4096u + 96);
}

// The writer is another process, killed at each of the places between two messages; what it committed is all there, and nothing else.
TEST(RingStart, FindsAllThatAKilledWriterCommittedAndNothingElse) {
    std::size_t const bytes = shm::kPage + shm::ring_extent_bytes(16384);
    for (int stage = 0; stage < 5; ++stage) {
        void* const shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(shared, MAP_FAILED);
        std::span const arena(static_cast<std::byte*>(shared), bytes);
        shm::format_ring(arena, shm::kPage, {.ring_id = 9, .session_id = 1, .capacity = 16384, .topic = "t", .type = ""}).value();
        auto const status = run_forked([&] {
            RingWriter<> writer(shm::open_ring(arena, shm::kPage, 9).value());
            for (std::uint64_t i = 1; i <= 1000; ++i) {
                if (writer.publish(message_of(i, i % 200)) != 0) continue;
                writer.refresh_limit([](std::uint64_t tail) { return tail; });
                writer.publish(message_of(i, i % 200));
            }
            writer.refresh_limit([](std::uint64_t tail) { return tail; });
            if (stage >= 1) {
                auto const span = writer.reserve(5000).value();
                std::memset(span.data(), 0xEE, stage >= 2 ? span.size() : span.size() / 2);
            }
            if (stage >= 3) writer.append(5000);
            if (stage >= 4) writer.reserve(300).value();
            return ::raise(SIGKILL);
        });
        EXPECT_EQ(status.signal, SIGKILL);
        auto const ring = shm::open_ring(std::span<std::byte const>(arena), shm::kPage, 9).value();
        RingReader<> reader(ring, ReaderKind::best_effort, nullptr);
        Room room;
        std::uint64_t last = 0;
        while (auto const record = reader.next(room)) {
            EXPECT_TRUE(is_message(record->payload, record->sequence));
            last = record->sequence;
        }
        EXPECT_EQ(last, 1000u);
        EXPECT_EQ(reader.received() + reader.lost(), 1000u);
        EXPECT_EQ(reader.rubbish(), 0u);
        EXPECT_EQ(shm::place_of_tail(ring).sequence, 1001u);
        ::munmap(shared, bytes);
    }
}

}  // namespace bus::test
