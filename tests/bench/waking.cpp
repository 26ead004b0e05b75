// Waking many sleepers of one set of bells: one semop each, as our publishers do, against one semop with an operation for each.
#include <sys/mman.h>
#include <sys/sem.h>

#include <array>
#include <atomic>
#include <new>
#include <thread>

#include "measurements.hpp"
#include "peer.hpp"
#include "round_trips.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::bench {

namespace {

constexpr unsigned kSleepers = 64;

struct Shared {
    std::atomic<unsigned> awake{0};
    std::atomic<unsigned> asleep{0};  // about to sleep, at least
};

void sleep_again_and_again(sys::SemaphoreSet set, Shared& shared) {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kSleepers; ++i)
        threads.emplace_back([&shared, set, i] {
            for (;;) {
                ++shared.asleep;
                set.acquire_until(i, Deadline::max()).value();
                ++shared.awake;
            }
        });
}

/// Until nobody can be on his way to sleep any more: each has said so, and the kernel counts him as waiting.
void wait_until_all_sleep(sys::SemaphoreSet set, unsigned rounds, Shared const& shared) {
    while (shared.asleep < (rounds + 1) * kSleepers) std::this_thread::yield();
    for (unsigned i = 0; i < kSleepers; ++i)
        while (::semctl(set.id(), static_cast<int>(i), GETNCNT) == 0) std::this_thread::yield();
}

}  // namespace

Comparison waking(Settings const& settings) {
    Comparison result{.name = "waking-64-one-by-one", .unit = "us until all are awake; floor: one semop for all"};
    std::array<sys::SemaphoreValue, kSleepers> const zeros{};
    auto const set = sys::OwnedSemaphoreSet::create(IPC_PRIVATE, zeros, 0600).value();
    auto& shared = *new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
    Peer const peer([&] { sleep_again_and_again(set.get(), shared); });
    std::array<sembuf, kSleepers> all{};
    for (unsigned short i = 0; i < kSleepers; ++i) all[i] = {i, 1, 0};
    unsigned rounds = 0;
    std::vector<double> calls_each, calls_together;
    auto const round = [&](std::vector<double>& calls, auto&& ring) {
        wait_until_all_sleep(set.get(), rounds, shared);
        auto const start = now_ns();
        ring();
        calls.push_back(static_cast<double>(now_ns() - start) / 1000);
        ++rounds;
        while (shared.awake < rounds * kSleepers) std::this_thread::yield();
        return static_cast<double>(now_ns() - start) / 1000;
    };
    for (int i = 0; i < 4 * settings.rounds; ++i) {
        result.floor_rounds.push_back(round(calls_together, [&] { (void)set.get().try_operate(all); }));
        result.our_rounds.push_back(round(calls_each, [&] {
            for (unsigned n = 0; n < kSleepers; ++n) set.get().ring(n);
        }));
    }
    char text[96];
    std::snprintf(text, sizeof text, "in the calls %.0f us one by one, %.0f us together", median(calls_each), median(calls_together));
    result.note = text;
    return result;
}

}  // namespace bus::bench
