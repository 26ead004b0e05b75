// Does ThreadSanitizer, on our memory policies, find a missing release at all? A ring whose commit is a relaxed store must be reported,
// the same ring with the release must not. x86 hides the fault from every other test.
#include <thread>

#include "support/checked_memory.hpp"
#include "support/child.hpp"
#include "support/role.hpp"
#include "support/test_ring.hpp"

namespace bus::test {

namespace {

constexpr int kRaceFound = 66;  // TSan's exit status

constexpr std::uint64_t kMessages = 5;
constexpr std::size_t kWords = 5;  // of a payload, written and read by plain whole words: those TSan follows best

/// One writer and one reliable reader, both in place. Few messages: the writer's own fences (a new claim, a new block) stand before
/// them, else they would order what the commit does not.
template <class Memory>
void write_and_read_once() {
    TestRing const ring(16384);
    std::thread reading([&] {
        shm::RingReader<Memory> reader(ring.view(), shm::ReaderKind::reliable, nullptr);
        for (std::uint64_t last = 0; last < kMessages;) {
            auto const record = reader.next_in_place();
            if (!record) {
                std::this_thread::yield();
                continue;
            }
            last = record->sequence;
            auto const* const words = reinterpret_cast<std::uint64_t const*>(record->payload.data());
            for (std::size_t i = 0; i < kWords; ++i)
                if (words[i] != last * 100 + i) std::abort();
        }
    });
    shm::RingWriter<Memory> writer(ring.writable());
    for (std::uint64_t sent = 1; sent <= kMessages; ++sent) {
        auto* const words = reinterpret_cast<std::uint64_t*>(writer.try_reserve(8 * kWords));
        for (std::size_t i = 0; i < kWords; ++i) words[i] = sent * 100 + i;
        writer.commit(8 * kWords);
    }
    reading.join();
}

template <class Memory>
int write_and_read() {
    for (int round = 0; round < 20; ++round) write_and_read_once<Memory>();
    return 0;
}

}  // namespace

BUS_TEST_ROLE(release_commit) { return write_and_read<InPlaceCheckedMemory>(); }
BUS_TEST_ROLE(relaxed_commit) { return write_and_read<WeakCommitMemory>(); }

TEST(RingWithAWeakCommit, IsFoundByThreadSanitizer) {
#if !defined(BUS_SHM_CHECKED_MEMORY)
    GTEST_SKIP() << "built without ThreadSanitizer";
#endif
    EXPECT_EQ(run_role("release_commit").wait(), 0);
    EXPECT_EQ(run_role("relaxed_commit").wait(), kRaceFound);
}

}  // namespace bus::test
