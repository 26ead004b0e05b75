// How shared bytes are touched: the memory policies the ring's writer and reader are templates over.
//
// PlainMemory is what programs run: memcpy, real fences. ThreadSanitizer knows neither fences nor that a torn copy is thrown away later,
// so with it CheckedMemory is used: copies by relaxed atomic words, each fence a read-modify-write on a dummy, and the writer's callers
// fill a private buffer that is copied in at commit. No suppressions. (Where nobody can lap the writer, tests use the checked fences
// with plain bytes in place: then a missing release is a finding.)
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "shm/ring_layout.hpp"

#if defined(__SANITIZE_THREAD__)
#define BUS_SHM_CHECKED_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BUS_SHM_CHECKED_MEMORY 1
#endif
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"  // fences are PlainMemory's business; with TSan nobody calls them
#endif

namespace bus::shm {

static_assert(std::endian::native == std::endian::little, "the layouts are little-endian");

/// One word of memory another process may be writing: loaded once, never torn, never loaded again behind our back.
inline std::uint64_t load_word(void const* at) noexcept { return __atomic_load_n(static_cast<std::uint64_t const*>(at), __ATOMIC_RELAXED); }
inline void store_word(void* at, std::uint64_t word) noexcept { __atomic_store_n(static_cast<std::uint64_t*>(at), word, __ATOMIC_RELAXED); }

// A head goes in and out as four words put together in registers: by way of memory, the parts would have to leave the store buffer first.
inline RecordHead load_head(std::byte const* at) noexcept {
    std::uint64_t const first = load_word(at);
    return {.bytes = static_cast<std::uint32_t>(first),
            .kind = static_cast<RecordKind>(first >> 32 & 0xffff),
            .extension_bytes = static_cast<std::uint16_t>(first >> 48),
            .sequence = load_word(at + 8),
            .sent_steady_ns = load_word(at + 16),
            .sent_wall_ns = static_cast<std::int64_t>(load_word(at + 24))};
}
inline void store_head(std::byte* at, RecordHead const& head) noexcept {
    store_word(at, std::uint64_t{head.bytes} | static_cast<std::uint64_t>(head.kind) << 32 | std::uint64_t{head.extension_bytes} << 48);
    store_word(at + 8, head.sequence);
    store_word(at + 16, head.sent_steady_ns);
    store_word(at + 24, static_cast<std::uint64_t>(head.sent_wall_ns));
}

/// In a spin loop: lets the other hardware thread run, saves energy.
inline void cpu_relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

struct PlainMemory {
    static constexpr bool kInPlace = true;                                   // reserve() gives the ring's own bytes
    static constexpr std::memory_order kCommit = std::memory_order_release;  // of `tail`
    static void copy_in(std::byte* ring, std::byte const* from, std::size_t bytes) noexcept { std::memcpy(ring, from, bytes); }
    static void copy_out(std::byte* to, std::byte const* ring, std::size_t bytes) noexcept { std::memcpy(to, ring, bytes); }
    static void acquire_fence() noexcept { std::atomic_thread_fence(std::memory_order_acquire); }
    static void release_fence() noexcept { std::atomic_thread_fence(std::memory_order_release); }
    static void full_fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
};

/// For ThreadSanitizer. `ring` begins at a multiple of 8 and its last word is the record's own, so whole words may be touched there.
struct CheckedMemory {
    static constexpr bool kInPlace = false;  // reserve() gives a private buffer
    static constexpr std::memory_order kCommit = std::memory_order_release;
    static void copy_in(std::byte* ring, std::byte const* from, std::size_t bytes) noexcept {
        for (std::size_t at = 0; at < bytes; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, from + at, bytes - at < 8 ? bytes - at : 8);
            store_word(ring + at, word);
        }
    }
    static void copy_out(std::byte* to, std::byte const* ring, std::size_t bytes) noexcept {
        for (std::size_t at = 0; at < bytes; at += 8) {
            std::uint64_t const word = load_word(ring + at);
            std::memcpy(to + at, &word, bytes - at < 8 ? bytes - at : 8);
        }
    }
    static void acquire_fence() noexcept { dummy.fetch_add(0, std::memory_order_acq_rel); }
    static void release_fence() noexcept { dummy.fetch_add(0, std::memory_order_acq_rel); }
    static void full_fence() noexcept { dummy.fetch_add(0, std::memory_order_seq_cst); }

private:
    static inline std::atomic<std::uint32_t> dummy{0};
};

#if defined(BUS_SHM_CHECKED_MEMORY)
using DefaultMemory = CheckedMemory;
#else
using DefaultMemory = PlainMemory;
#endif

}  // namespace bus::shm

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
