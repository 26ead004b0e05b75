// Rings full of rubbish: a reader says so or skips, in bounded time, and never leaves the record area. (Run with ASan too: the area ends
// where the allocation ends.)
#include <random>

#include "support/test_ring.hpp"

namespace bus::test {

using shm::ReaderKind;
using shm::RingReader;

namespace {

/// Calls everything a reader can do; each must return.
void use(shm::RingView const& ring, std::uint64_t start, ReaderKind kind) {
    RingReader<> reader(ring, kind, nullptr);
    reader.start_at({start, 0});
    Room room;
    for (int i = 0; i < 50; ++i) {
        auto const record = i % 2 ? reader.next(room) : reader.next_in_place();
        if (record) {
            ASSERT_LE(record->payload.size() + record->extension.size(), ring.capacity);
            volatile std::byte sum{};
            for (std::byte const byte : record->payload) sum = sum ^ byte;
            for (std::byte const byte : record->extension) sum = sum ^ byte;
        } else if (record.error() == Errc::invalid) {
            EXPECT_NE(record.error().what().find("position"), std::string::npos);
        } else {
            ASSERT_EQ(record.error(), Errc::would_block);
            break;
        }
    }
    (void)shm::place_of_tail(ring);
    (void)shm::place_of_oldest(ring);
    (void)shm::place_of_history(ring, 10);
    (void)shm::place_of_sequence(ring, 12345);
    (void)shm::place_of_position(ring, start);
    shm::Cursor cursor{};
    (void)shm::join_reliably(ring, cursor, {start, 0});
}

void scramble(std::mt19937_64& random, std::span<std::byte> bytes, bool plausible) {
    for (std::size_t at = 0; at + 32 <= bytes.size(); at += 32) {
        for (std::size_t i = 0; i < 32; i += 8) {
            std::uint64_t const word = random();
            std::memcpy(bytes.data() + at + i, &word, 8);
        }
        if (!plausible) continue;
        shm::RecordHead const head{.bytes = static_cast<std::uint32_t>(random() % 300),
                                   .kind = static_cast<shm::RecordKind>(random() % 4),
                                   .extension_bytes = static_cast<std::uint16_t>(random() % 3 * 32),
                                   .sequence = random() % 1000,
                                   .sent_steady_ns = 0,
                                   .sent_wall_ns = 0};
        std::memcpy(bytes.data() + at, &head, sizeof head);
    }
}

}  // namespace

TEST(RingOfGarbage, NeverCrashesOrHoldsAReader) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 3000; ++round) {
        std::uint64_t const capacity = 4096u << (random() % 3);
        TestRing const ring(capacity);
        auto const writable = ring.writable();
        scramble(random, {writable.data, capacity}, round % 2 == 0);
        std::uint64_t const near = random() % (4 * capacity);
        auto const value = [&] { return random() % 4 == 0 ? random() : near + random() % (2 * capacity); };
        writable.head->tail = value();
        writable.head->reserve = value();
        writable.head->limit = value();
        writable.head->sequence = random();
        for (std::uint64_t block = 0; block < capacity / shm::kBlock; ++block) {
            writable.index[block].position = random() % 2 ? value() : (near / shm::kBlock + block) * shm::kBlock + random() % 128 * 32;
            writable.index[block].sequence = random() % 2 ? random() : random() % 1000;
        }
        use(ring.view(), near, random() % 2 ? ReaderKind::reliable : ReaderKind::best_effort);
        use(ring.view(), random(), random() % 2 ? ReaderKind::reliable : ReaderKind::best_effort);
    }
}

TEST(RingOfGarbage, OfPaddingsOnlyIsLeftAfterAFew) {
    TestRing const ring(4096);
    auto const writable = ring.writable();
    for (std::size_t at = 0; at < 4096; at += 32) shm::store_head(writable.data + at, {0, shm::RecordKind::padding, 0, 1, 0, 0});
    writable.head->tail = 4096;
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    EXPECT_EQ(reader.next(room).error(), Errc::invalid);
    EXPECT_EQ(reader.position(), 4096u);
    EXPECT_EQ(reader.rubbish(), 1u);
    EXPECT_EQ(reader.next(room).error(), Errc::would_block);
}

TEST(RingOfGarbage, IsReadAgainWhenSomethingGoodFollowsAndTheGapIsCounted) {
    TestRing const ring(4096);
    FreeWriter<> writer(ring);
    RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
    Room room;
    writer.put("1");
    (void)reader.next(room).value();
    writer.put("2");
    writer.put("3");
    std::memset(ring.writable().data + 64, 0xFF, 32);  // the head of the second
    EXPECT_EQ(reader.next(room).error(), Errc::invalid);
    writer.put("4");
    auto const record = reader.next(room).value();
    EXPECT_EQ(text_of(record.payload), "4");
    EXPECT_EQ(record.lost_before, 2u);
}

TEST(RingOfGarbage, WithRandomHeadsIsRefusedAtOpenOrStaysInsideTheSegment) {
    std::mt19937_64 random(2);
    int opened = 0;
    for (int round = 0; round < 5000; ++round) {
        TestRing const ring(4096);
        auto const arena = ring.arena();
        auto* const head = arena.data() + shm::kPage;
        for (int change = 0; change < 1 + round % 3; ++change) {
            std::uint64_t const word = random() % 3 == 0 ? random() : std::uint64_t{1} << (random() % 64);
            std::memcpy(head + random() % 7 * 8, &word, 8);  // magic to history
        }
        auto const view = shm::open_ring(std::span<std::byte const>(arena), shm::kPage, kTestRingId);
        if (!view) {
            EXPECT_TRUE(view.error() == Errc::invalid || view.error() == Errc::conflict);
            continue;
        }
        ++opened;
        EXPECT_EQ(view->data + view->capacity, arena.data() + arena.size());
        use(*view, 0, ReaderKind::best_effort);
    }
    EXPECT_GT(opened, 0);
}

TEST(RingFormat, RefusesWhatCannotBe) {
    PageMemory const memory(shm::kPage + shm::ring_extent_bytes(4096));
    shm::RingSpec spec{.ring_id = 1, .session_id = 1, .capacity = 4096, .topic = "t", .type = "T"};
    EXPECT_TRUE(shm::format_ring(memory.bytes(), shm::kPage, spec));
    EXPECT_EQ(shm::format_ring(memory.bytes(), shm::kPage + 8, spec).error(), Errc::invalid);
    EXPECT_EQ(shm::format_ring(memory.bytes(), 0, spec).error(), Errc::invalid);
    EXPECT_EQ(shm::format_ring(memory.bytes(), 2 * shm::kPage, spec).error(), Errc::invalid);
    EXPECT_EQ(shm::format_ring(memory.bytes(), ~std::uint64_t{4095}, spec).error(), Errc::invalid);
    spec.capacity = 5000;
    EXPECT_EQ(shm::format_ring(memory.bytes(), shm::kPage, spec).error(), Errc::invalid);
    spec.capacity = 8192;
    EXPECT_EQ(shm::format_ring(memory.bytes(), shm::kPage, spec).error(), Errc::invalid);
    std::string const name(256, 'n');
    spec = {.ring_id = 1, .session_id = 1, .capacity = 4096, .topic = name, .type = ""};
    EXPECT_EQ(shm::format_ring(memory.bytes(), shm::kPage, spec).error(), Errc::invalid);
    EXPECT_TRUE(shm::open_ring(std::span<std::byte const>(memory.bytes()), shm::kPage, 1)) << "what lay there is untouched";
}

TEST(RingFormat, NamesBothVersionsAndBothRings) {
    TestRing const ring(4096);
    std::span<std::byte const> const arena = ring.arena();
    auto const other = shm::open_ring(arena, shm::kPage, 5);
    EXPECT_EQ(other.error(), Errc::conflict);
    EXPECT_NE(other.error().what().find("77"), std::string::npos);
    ring.writable().head->magic_version = shm::kRingMagic | 9;
    auto const version = shm::open_ring(arena, shm::kPage, kTestRingId);
    EXPECT_EQ(version.error(), Errc::conflict);
    EXPECT_NE(version.error().what().find("version 9"), std::string::npos);
    EXPECT_NE(version.error().what().find("version 1"), std::string::npos);
}

TEST(RingFormat, RoundsACapacityUpAndHasALimit) {
    EXPECT_EQ(shm::ring_capacity(0).value(), 4096u);
    EXPECT_EQ(shm::ring_capacity(4097).value(), 8192u);
    EXPECT_EQ(shm::ring_capacity(shm::kMaxRingBytes).value(), shm::kMaxRingBytes);
    EXPECT_EQ(shm::ring_capacity(shm::kMaxRingBytes + 1).error(), Errc::too_large);
}

TEST(RingFormat, KeepsTheNamesAndForgetsTheRingWhenUnformatted) {
    TestRing const ring(4096);
    EXPECT_EQ(shm::topic_of(ring.view()), "robot/pose");
    EXPECT_EQ(shm::type_of(ring.view()), "nav.Pose");
    auto const arena = ring.arena();
    shm::unformat_ring(arena, shm::kPage);
    EXPECT_EQ(shm::open_ring(arena, shm::kPage, kTestRingId).error(), Errc::invalid);
}

TEST(RingReader, TakesNothingOfAnotherRingThatWasLaidInItsPlace) {
    for (auto const kind : {ReaderKind::best_effort, ReaderKind::reliable}) {
        TestRing const ring(4096);
        FreeWriter<> before(ring);
        RingReader<> reader(ring.view(), kind, nullptr);
        Room room;
        for (int i = 0; i < 10; ++i) before.put(message_of(1, 64));
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(reader.next(room));
        shm::RingSpec const spec{.ring_id = kTestRingId + 1, .session_id = 6, .capacity = 4096, .topic = "other", .type = "nav.Pose"};
        shm::format_ring(ring.arena(), shm::kPage, spec).value();
        shm::RingWriter<> after(shm::open_ring(ring.arena(), shm::kPage, kTestRingId + 1).value());
        for (int i = 0; i < 10; ++i) ASSERT_NE(after.publish(message_of(2, 64)), 0u);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(reader.next(room).error(), Errc::would_block);
        EXPECT_FALSE(reader.has_news());
        EXPECT_EQ(reader.lost(), 0u);
        EXPECT_EQ(reader.dropped_behind(), 0u);
    }
}

}  // namespace bus::test
