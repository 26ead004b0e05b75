// Cursor segments, attention, and who is rung how often.
#include "shm/sleepers.hpp"

#include "support/test_ring.hpp"

namespace bus::test {

using shm::BellKind;

namespace {

struct Session {
    Session() : cursor_memory(shm::cursor_segment_bytes(4)), attention_memory(shm::attention_segment_bytes()) {
        shm::format_cursors(cursor_memory.bytes(), 4);
        own = shm::OwnCursors::open(cursor_memory.bytes()).value();
        view = shm::CursorsView::open(cursor_memory.bytes()).value();
        attention = shm::OwnAttention::open(attention_memory.bytes()).value();
        counters = shm::AttentionView::open(attention_memory.bytes()).value();
    }
    PageMemory cursor_memory, attention_memory;
    shm::OwnCursors own;
    shm::CursorsView view;
    shm::OwnAttention attention;
    shm::AttentionView counters;
};

}  // namespace

TEST(CursorSegment, HasCursorsAndWaitersUpToItsEnd) {
    Session const session;
    EXPECT_EQ(session.view.cursor_count(), 4u);
    EXPECT_EQ(static_cast<void const*>(session.own.cursor(3)), session.view.cursor(3));
    EXPECT_EQ(session.view.cursor(4), nullptr);
    EXPECT_EQ(session.own.waiter(shm::kWaitersPerSession), nullptr);
    EXPECT_LE(reinterpret_cast<std::byte const*>(session.view.cursor(3) + 1),
              session.cursor_memory.bytes().data() + session.cursor_memory.bytes().size());
}

TEST(CursorSegment, IsRefusedWhenItSaysItHoldsMoreThanItDoes) {
    Session session;
    auto const bytes = session.cursor_memory.bytes();
    EXPECT_EQ(shm::CursorsView::open(bytes.first(64)).error(), Errc::invalid);
    EXPECT_EQ(shm::CursorsView::open(bytes.first(bytes.size() - 1)).error(), Errc::invalid);
    shm::format_cursors(bytes, ~0u);
    EXPECT_EQ(shm::OwnCursors::open(bytes).error(), Errc::invalid);
    EXPECT_EQ(shm::CursorsView{}.cursor(0), nullptr);
    EXPECT_EQ(shm::CursorsView{}.waiter_count(), 0u);
}

TEST(CursorSegment, SaysWhereAReaderStandsToItsOwnPublisherOnly) {
    shm::Cursor cursor{};
    EXPECT_EQ(shm::position_of(cursor, 7), std::nullopt);
    shm::attach_cursor(cursor, 7, 640);
    EXPECT_EQ(shm::position_of(cursor, 7), 640u);
    EXPECT_EQ(shm::position_of(cursor, 8), std::nullopt);
    shm::close_cursor(cursor, 7);
    EXPECT_EQ(shm::position_of(cursor, 7), shm::kClosed);
    shm::close_cursor(cursor, 9);
    EXPECT_EQ(shm::position_of(cursor, 7), std::nullopt);
    EXPECT_EQ(shm::position_of(cursor, 9), shm::kClosed);
}

TEST(Sleepers, AreRungOnceForEachTimeTheySleep) {
    Session session;
    shm::Sleeper sleeper(*session.own.waiter(3), session.attention);
    shm::Bellringer bells;
    std::vector<std::pair<std::uint32_t, BellKind>> rung;
    auto const ring = [&](std::uint32_t waiter, BellKind bell) { rung.emplace_back(waiter, bell); };
    auto const topic = shm::attention_bit(70);
    EXPECT_EQ(bells.ring_new(session.view, topic, ring), 0u);
    EXPECT_EQ(sleeper.fall_asleep(topic, BellKind::fifo), 1u);
    EXPECT_EQ(bells.ring_new(session.view, shm::attention_bit(71), ring), 0u) << "another topic";
    EXPECT_EQ(bells.ring_new(session.view, topic, ring), 1u);
    EXPECT_EQ(bells.ring_new(session.view, topic, ring), 0u) << "rung already";
    sleeper.awake();
    EXPECT_EQ(bells.ring_new(session.view, topic, ring), 0u) << "awake";
    EXPECT_EQ(sleeper.fall_asleep(shm::kAnyTopic, BellKind::semaphore), 3u);
    EXPECT_EQ(bells.ring_new(session.view, topic, ring), 1u);
    EXPECT_EQ(rung, (std::vector<std::pair<std::uint32_t, BellKind>>{{3, BellKind::fifo}, {3, BellKind::semaphore}}));
}

TEST(Sleepers, DrawTheAttentionOfTheirTopicsOnly) {
    Session session;
    shm::Sleeper sleeper(*session.own.waiter(0), session.attention);
    shm::AttentionWatch mine, other;
    EXPECT_TRUE(mine.has_changed(session.counters.count(shm::attention_of(5)))) << "who slept before is looked at once";
    EXPECT_TRUE(other.has_changed(session.counters.count(shm::attention_of(6))));
    EXPECT_FALSE(mine.has_changed(session.counters.count(shm::attention_of(5))));
    sleeper.fall_asleep(shm::attention_bit(5), BellKind::semaphore);
    EXPECT_TRUE(mine.has_changed(session.counters.count(shm::attention_of(5))));
    EXPECT_FALSE(mine.has_changed(session.counters.count(shm::attention_of(5))));
    EXPECT_FALSE(other.has_changed(session.counters.count(shm::attention_of(6))));
    EXPECT_EQ(shm::attention_of(5), shm::attention_of(69));
}

TEST(Sleepers, AreAwakeOnceHoweverOftenTheySaySo) {
    Session session;
    shm::Sleeper sleeper(*session.own.waiter(0), session.attention);
    sleeper.awake();
    EXPECT_EQ(session.view.waiter(0)->sleep_epoch.load(), 0u);
    sleeper.fall_asleep(1, BellKind::semaphore);
    sleeper.awake();
    sleeper.awake();
    EXPECT_EQ(session.view.waiter(0)->sleep_epoch.load(), 2u);
}

}  // namespace bus::test
