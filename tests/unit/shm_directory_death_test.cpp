// A busd that dies while it writes an entry of the directory, at each instruction of that.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>

#include "shm/directory_format.hpp"
#include "shm/directory_writer.hpp"
#include "support/stepper.hpp"

namespace bus::test {

using shm::SubscriptionEntry;

namespace {

// Memory that a forked child writes and we read, with a directory in it.
class SharedDirectory {
public:
    SharedDirectory()
        : memory_(static_cast<std::byte*>(::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
        shm::format_directory({memory_, bytes()}, kSizes);
        writer = shm::DirectoryWriter::open({memory_, bytes()}).value();
    }
    ~SharedDirectory() { ::munmap(memory_, bytes()); }
    SharedDirectory(SharedDirectory const&) = delete;

    shm::DirectoryWriter writer;

private:
    static constexpr shm::DirectorySizes kSizes{4, 4, 4, 4, 4, 4, 4};
    static std::size_t bytes() { return shm::directory_bytes(kSizes); }
    std::byte* memory_;
};

}  // namespace

// The next busd takes a subscription for answered, or not, by its request; readers follow its chain. So whatever says that it is in use
// comes after all of that.
TEST(DirectoryDeath, LeavesNoEntryInUseWithoutItsRequestOrItsLinks) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    SharedDirectory directory;
    auto const index = directory.writer.find_free<SubscriptionEntry>().value();
    Stepper stepper(start_forked(
        [&] {
            ::raise(SIGSTOP);
            mark(1);
            directory.writer.change<SubscriptionEntry>(index, [](SubscriptionEntry& entry) {
                entry.subscription_id = 5;
                entry.request = 7;
                entry.first_member = shm::kNil;
                entry.head.state = static_cast<std::uint32_t>(shm::SubscriptionState::present);
            });
            mark(2);
            return 0;
        },
        {.traced = true}));
    ASSERT_TRUE(stepper.run_to_mark(1));
    unsigned in_use = 0, wrong = 0;
    auto const steps = stepper.step_to_mark(2, [&](std::uint64_t) {
        auto const entry = directory.writer.own<SubscriptionEntry>(index);
        if (!entry.in_use()) return true;
        ++in_use;
        if (entry->subscription_id != 5 || entry->request != 7 || entry->first_member.load() != shm::kNil) ++wrong;
        return true;
    });
    ASSERT_TRUE(steps);
    EXPECT_GT(in_use, 0U);
    EXPECT_LT(in_use, *steps);
    EXPECT_EQ(wrong, 0U) << "of " << in_use << " instructions in front of which it was in use";
}

}  // namespace bus::test
