// What a reliable reader holds of one ring: all from its oldest Sample that is still out. The publisher overwrites nothing of that.
//
// A Sample's bytes are a copy, good whatever becomes of the ring. What it holds is room: who keeps samples back slows the publisher down
// instead of having it run ahead without bound. Samples go out in order, by the subscriber's thread, and come back in any order from any.
// The cursor stands at the beginning of the oldest; where none is out, behind what was read.
//
// Threads: any. The lock is held for a few instructions, and while a publisher that waits is rung; a process with one thread needs none.
// Crash:   the cursor is behind at worst, never ahead: what died with samples in its hands had room held, and holds none once it is dead.
// Life:    kept by the RingIdentity of each sample; after close() it touches neither cursor nor inlet.
#pragma once

#include <sys/single_threaded.h>

#include <cstdint>
#include <utility>

#include "client/busy_lock.hpp"
#include "client/sample_pool.hpp"
#include "shm/cursor_layout.hpp"
#include "shm/ring_layout.hpp"
#include "sys/fork_guard.hpp"

namespace bus::client {

class Inlet;

class HeldRoom {
public:
    /// `position`: where the reader begins, as its cursor says. `session_id`: ours, as a publisher that waits for us says it in its ring.
    HeldRoom(Inlet& inlet, shm::Cursor& cursor, std::uint64_t position, shm::RingHead const& ring, std::uint64_t session_id) noexcept
        : inlet_(&inlet), cursor_(&cursor), told_(position), read_(position), waits_for_(&ring.held_by), session_id_(session_id) {}
    HeldRoom(HeldRoom const&) = delete;
    HeldRoom& operator=(HeldRoom const&) = delete;
    ~HeldRoom() = default;

    /// The record from `begin` to `end` goes out with this sample. The subscriber's thread.
    void lend(PooledSample& sample, std::uint64_t begin, std::uint64_t end) noexcept {
        sample.held = this;
        sample.begin = begin;
        sample.newer = nullptr;
        alone([&] {
            sample.older = std::exchange(newest_, &sample);
            (sample.older != nullptr ? sample.older->newer : oldest_) = &sample;
            read_ = end;
        });
    }
    /// All below `position` was read or given up. The subscriber's thread.
    void read_up_to(std::uint64_t position) noexcept {
        alone([&] {
            read_ = position;
            tell();
        });
    }
    /// The sample's user is done with it. In a forked child it does nothing: there the lock may be held for ever.
    void take_back(PooledSample& sample) noexcept {
        sample.held = nullptr;
        if (guard_.in_child()) [[unlikely]]
            return;
        alone([&] {
            (sample.older != nullptr ? sample.older->newer : oldest_) = sample.newer;
            (sample.newer != nullptr ? sample.newer->older : newest_) = sample.older;
            if (sample.older == nullptr) tell();
        });
    }
    /// The reader has gone: nothing is held from here on.
    void close() noexcept {
        alone([&] { inlet_ = nullptr; });
    }

private:
    void alone(auto&& act) noexcept {
        if (__libc_single_threaded != 0) return act();
        Locked const locked(lock_);
        act();
    }

    // Release: we are done with those bytes. Partner: position_of, in the publisher. That it waits for us is looked at without a fence in
    // between: a wake-up lost so is made good by the publisher's own second look (publisher_room.cpp).
    void tell() noexcept {
        if (inlet_ == nullptr) return;
        auto const position = oldest_ != nullptr ? oldest_->begin : read_;
        if (position > told_) {
            told_ = position;
            cursor_->position.store(position, std::memory_order_release);
        }
        if (waits_for_->load(std::memory_order_relaxed) == session_id_) [[unlikely]]
            ring_publisher();
    }
    [[gnu::cold, gnu::noinline]] void ring_publisher() noexcept;

    sys::ForkGuard guard_;
    BusyLock lock_;
    Inlet* inlet_;  // null: closed
    shm::Cursor* cursor_;
    std::uint64_t told_;  // as stored in the cursor
    std::uint64_t read_;
    std::atomic<std::uint64_t> const* waits_for_;
    std::uint64_t session_id_;
    PooledSample* oldest_ = nullptr;
    PooledSample* newest_ = nullptr;
};

}  // namespace bus::client
