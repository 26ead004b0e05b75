// The ring at full speed: one writer, readers of both kinds, joiners and leavers, all threads of one process. With TSan the ring runs on
// CheckedMemory. BUS_STRESS=N makes it N times as long.
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "shm/members.hpp"
#include "support/test_directory.hpp"

namespace bus::test {

using shm::Cursor;
using shm::ReaderKind;
using shm::RingReader;

namespace {

std::uint64_t messages(std::uint64_t quick) {
    char const* const factor = std::getenv("BUS_STRESS");
#if defined(BUS_SHM_CHECKED_MEMORY)
    quick /= 8;
#endif
    return quick * (factor == nullptr || std::atol(factor) < 1 ? 1 : static_cast<std::uint64_t>(std::atol(factor)));
}

std::size_t length_of(std::uint64_t sequence) { return sequence * 2654435761u % 201; }

/// What a reader saw, checked as it comes.
struct Tally {
    std::uint64_t first = 0, last = 0, received = 0, lost = 0;
    bool good = true;
    void count(shm::Record const& record) {
        if (first == 0) first = record.sequence - record.lost_before;
        good = good && record.payload.size() == length_of(record.sequence) && is_message(record.payload, record.sequence);
        good = good && (last == 0 || record.sequence == last + record.lost_before + 1);
        last = record.sequence;
        lost += record.lost_before;
        ++received;
    }
};

/// A thread that works until the test is over, however it ends.
class Background {
public:
    template <class Step>
    explicit Background(Step step)
        : thread_([this, step]() mutable {
              while (!stop_) step();
          }) {}
    ~Background() {
        stop_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace

TEST(RingStress, CountsEveryMessageABestEffortReaderMissed) {
    std::uint64_t const count = messages(3'000'000);
    for (std::uint64_t const capacity : {4096, 8192, 65536}) {
        TestRing const ring(capacity);
        std::atomic<bool> done{false};
        std::array<Tally, 2> tallies;
        std::array<std::thread, 2> threads;
        for (std::size_t i = 0; i < threads.size(); ++i)
            threads[i] = std::thread([&, i] {
                RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
                Room room;
                for (;;) {
                    bool const last_look = done.load();
                    auto const record = reader.next(room);
                    if (record) {
                        tallies[i].count(*record);
                    } else {
                        if (!(record.error() == Errc::would_block)) ADD_FAILURE() << record.error().what();
                        if (last_look) break;
                        std::this_thread::yield();
                    }
                }
            });
        FreeWriter<> writer(ring);
        for (std::uint64_t i = 1; i <= count; ++i) writer.put(message_of(i, length_of(i)));
        done = true;
        for (auto& thread : threads) thread.join();
        for (Tally const& tally : tallies) {
            EXPECT_TRUE(tally.good);
            EXPECT_EQ(tally.first, 1u);
            EXPECT_EQ(tally.last, count);
            EXPECT_EQ(tally.received + tally.lost, count);
        }
    }
}

namespace {

/// A bus with one ring whose readers come and go: the mutex is busd.
class JoinLab : public shm::CursorSource {
public:
    static constexpr std::uint32_t kCursors = 12;

    explicit JoinLab(std::uint64_t capacity) : memory(capacity), ring(directory.add_ring(kTestRingId)) {}

    Cursor const* cursor(std::uint32_t, std::uint64_t, std::uint32_t index) override { return &cursors[index]; }

    std::uint32_t join(std::uint32_t index, std::uint64_t subscription_id) {
        std::lock_guard const busd(mutex_);
        shm::MemberEntry like{};
        like.subscription_id = subscription_id;
        like.session_id = 1;
        like.cursor = index;
        like.kind = ReaderKind::reliable;
        like.joined_later = 1;
        return directory.add_member(ring, like);
    }
    void leave(std::uint32_t member) {
        std::lock_guard const busd(mutex_);
        directory.remove_member(ring, member);
    }

    TestDirectory directory;
    TestRing memory;
    std::uint32_t ring;
    std::array<Cursor, kCursors> cursors{};
    std::atomic<std::uint64_t> rounds{0};
    std::atomic<bool> stop{false};

private:
    std::mutex mutex_;
};

/// One subscriber's life, again and again: join somewhere, read a while without losing anything, leave.
void come_and_go(JoinLab& lab, std::uint32_t index) {
    std::mt19937_64 random(index);
    for (std::uint64_t life = 1; !lab.stop; ++life) {
        auto const member = lab.join(index, life * JoinLab::kCursors + index);
        auto const ring = lab.memory.view();
        auto const wanted = random() % 2 ? shm::place_of_tail(ring) : shm::place_of_history(ring, random() % 40);
        RingReader<> reader(ring, ReaderKind::reliable, &lab.cursors[index]);
        reader.start_at(shm::join_reliably(ring, lab.cursors[index], wanted));
        Room room;
        Tally tally;
        for (std::uint64_t const enough = random() % 300; tally.received < enough && !lab.stop;) {
            auto const record = random() % 2 ? reader.next(room) : reader.next_in_place();
            if (!record) {
                if (!(record.error() == Errc::would_block)) ADD_FAILURE() << record.error().what();
                std::this_thread::yield();
                continue;
            }
            tally.count(*record);
            if (random() % 4 == 0) reader.release(record->end);
        }
        EXPECT_TRUE(tally.good);
        EXPECT_EQ(tally.lost, 0u) << "life " << life << " of reader " << index << ", first " << tally.first;
        shm::close_cursor(lab.cursors[index], kTestRingId);
        lab.leave(member);
        ++lab.rounds;
    }
}

}  // namespace

TEST(RingStress, NeverOverrunsAReliableReaderThatJoinsAtFullSpeed) {
    for (std::uint64_t const capacity : {4096, 32768}) {
        JoinLab lab(capacity);
        std::vector<std::thread> readers;
        for (std::uint32_t index = 0; index < 3; ++index) readers.emplace_back([&lab, index] { come_and_go(lab, index); });
        shm::RingWriter<> writer(lab.memory.writable());
        shm::MemberList members(lab.ring, kTestRingId);
        auto const view = lab.directory.view();
        std::uint64_t sent = 0;
        std::uint64_t const count = messages(400'000);
        while (sent < count || lab.rounds < 300) {
            if (writer.publish(message_of(sent + 1, length_of(sent + 1))) != 0)
                ++sent;
            else if (!writer.refresh_limit([&](std::uint64_t tail) { return members.fresh_floor(view, lab, tail); }))
                std::this_thread::yield();
        }
        lab.stop = true;
        for (auto& reader : readers) reader.join();
        EXPECT_EQ(members.fresh_floor(view, lab, writer.tail()), writer.tail());
    }
}

TEST(RingStress, DeliversEverythingToReliableReadersOfDifferentSpeed) {
    std::uint64_t const count = messages(1'000'000);
    JoinLab lab(16384);
    std::array<std::uint32_t, 2> members_at;
    for (std::uint32_t i = 0; i < 2; ++i) members_at[i] = lab.join(i, i + 1);
    std::array<Tally, 2> tallies;
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < 2; ++i) {
        shm::attach_cursor(lab.cursors[i], kTestRingId, 0);
        threads.emplace_back([&, i] {
            RingReader<> reader(lab.memory.view(), ReaderKind::reliable, &lab.cursors[i]);
            Room room;
            while (tallies[i].last < count) {
                auto const record = i == 0 ? reader.next(room) : reader.next_in_place();
                if (!record) {
                    reader.tell();
                    std::this_thread::yield();
                    continue;
                }
                tallies[i].count(*record);
                if (i == 1 && record->sequence % 16 == 0) reader.release(record->end);
            }
        });
    }
    shm::RingWriter<> writer(lab.memory.writable());
    shm::MemberList members(lab.ring, kTestRingId);
    auto const view = lab.directory.view();
    for (std::uint64_t sent = 0; sent < count;) {
        if (writer.publish(message_of(sent + 1, length_of(sent + 1))) != 0)
            ++sent;
        else if (!writer.refresh_limit([&](std::uint64_t tail) { return members.fresh_floor(view, lab, tail); }))
            std::this_thread::yield();
    }
    for (auto& thread : threads) thread.join();
    for (Tally const& tally : tallies) {
        EXPECT_TRUE(tally.good);
        EXPECT_EQ(tally.received, count);
        EXPECT_EQ(tally.lost, 0u);
    }
}

TEST(RingStress, FindsPlacesInARingThatIsWrittenMeanwhile) {
    TestRing const ring(65536);
    FreeWriter<> writer(ring);
    Background const writing([&, sent = std::uint64_t{0}]() mutable {
        ++sent;
        writer.put(message_of(sent, length_of(sent)));
    });
    std::mt19937_64 random(4);
    Room room;
    std::uint64_t newest = 0;
    for (std::uint64_t i = 0; i < messages(20'000) || newest < messages(100'000); ++i) {
        auto const view = ring.view();
        auto const place = i % 3 == 0   ? shm::place_of_tail(view)
                           : i % 3 == 1 ? shm::place_of_history(view, random() % 200)
                                        : shm::place_of_oldest(view);
        RingReader<> reader(view, ReaderKind::best_effort, nullptr);
        reader.start_at(place);
        if (auto const record = reader.next(room)) {
            ASSERT_TRUE(is_message(record->payload, record->sequence));
            ASSERT_EQ(record->payload.size(), length_of(record->sequence));
            if (place.sequence != 0) {
                ASSERT_EQ(record->sequence, place.sequence + record->lost_before);
            }
            newest = std::max(newest, record->sequence);
        } else {
            ASSERT_EQ(record.error(), Errc::would_block) << record.error().what();
        }
    }
}

TEST(DirectoryStress, NeverShowsHalfAnEntry) {
    TestDirectory directory;
    auto const index = directory.add_session(0, 0);
    Background const busd([&, i = std::uint64_t{0}]() mutable {
        ++i;
        directory.writer.change<shm::SessionEntry>(index, [&](shm::SessionEntry& entry) {
            entry.session_id = i;
            entry.cookie = {i, ~i};
            entry.last_request = i;
            std::memset(entry.name, static_cast<char>('a' + i % 26), sizeof entry.name);
        });
    });
    auto const view = directory.view();
    std::uint64_t newest = 0;
    for (std::uint64_t i = 0; i < messages(200'000) || newest < messages(50'000); ++i) {
        auto const entry = view.snapshot<shm::SessionEntry>(index);
        if (!entry) continue;  // busd was preempted in the middle for very long
        auto const& session = **entry;
        if (session.session_id == 0) continue;
        newest = session.session_id;
        ASSERT_EQ(session.cookie[0], session.session_id);
        ASSERT_EQ(session.cookie[1], ~session.session_id);
        ASSERT_EQ(session.last_request, session.session_id);
        ASSERT_EQ(session.name[0], session.name[shm::kClientNameBytes - 1]);
    }
}

}  // namespace bus::test
