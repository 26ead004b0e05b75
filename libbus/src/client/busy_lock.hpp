// The lock around one publisher's or one subscriber's private state: one compare-and-swap where nobody else is there, no system call. In a
// process with one thread, a load and a store: a second thread begins after both (pthread_create).
//
// Who finds it busy spins a little, then naps: its holder works for well below a microsecond, or waits for room in a ring for seconds.
// Private to this process: no death leaves it locked. In a forked child nobody takes it (handles look at the fork guard first).
#pragma once

#include <sys/single_threaded.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "shm/memory.hpp"

namespace bus::client {

class BusyLock {
public:
    bool try_lock() noexcept {
        if (__libc_single_threaded != 0) {
            if (word_.load(std::memory_order_relaxed) != kFree) return false;
            word_.store(kBusy, std::memory_order_relaxed);
            return true;
        }
        auto expected = kFree;
        return word_.compare_exchange_strong(expected, kBusy, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void lock() noexcept {
        if (!try_lock()) [[unlikely]]
            (void)wait(false);
    }
    void unlock() noexcept { word_.store(kFree, std::memory_order_release); }

    /// lock(), but gives up where the lock was lent out. Returns: whether we have it.
    bool lock_unless_lent() noexcept { return try_lock() || wait(true); }
    /// What we hold from here on is held by a loan.
    void lend() noexcept { word_.store(kLent, std::memory_order_release); }

private:
    static constexpr std::uint32_t kFree = 0, kBusy = 1, kLent = 2;

    bool wait(bool give_up_if_lent) noexcept {
        long nap_ns = 0;
        for (int spins = 0;; ++spins) {
            auto const word = word_.load(std::memory_order_relaxed);
            if (word == kFree && try_lock()) return true;
            if (word == kLent && give_up_if_lent) return false;
            if (spins < 200) {
                shm::cpu_relax();
                continue;
            }
            nap_ns = std::clamp(nap_ns * 2, 20'000L, 1'000'000L);
            timespec const nap{.tv_sec = 0, .tv_nsec = nap_ns};
            ::nanosleep(&nap, nullptr);
        }
    }

    std::atomic<std::uint32_t> word_{kFree};
};

/// std::lock_guard, spelled where a lock is the subject.
class Locked {
public:
    explicit Locked(BusyLock& lock) noexcept : lock_(lock) { lock_.lock(); }
    Locked(Locked const&) = delete;
    Locked& operator=(Locked const&) = delete;
    ~Locked() { lock_.unlock(); }

private:
    BusyLock& lock_;
};

}  // namespace bus::client
