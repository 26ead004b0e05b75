// Falling asleep and being rung, as far as shared memory goes: waiters in the cursor segment, attention counters of the uid.
//
// The reader stores what it wants, then an odd sleep epoch, raises the counters, fences, looks once more for news, sleeps.
// The publisher commits, fences (or is fenced for: RingWriter::set_fenced), loads the counters. One of the two sees the other.
// Only readers write these words; a publisher remembers privately which epochs it has rung. (docs/models.md, sleep)
#pragma once

#include <array>
#include <bus/error.hpp>
#include <cstdint>
#include <span>
#include <utility>

#include "shm/cursors.hpp"

namespace bus::shm {

inline constexpr std::uint64_t kAnyTopic = ~std::uint64_t{0};
constexpr std::uint64_t attention_bit(std::uint32_t topic_index) noexcept { return std::uint64_t{1} << attention_of(topic_index); }

constexpr std::size_t attention_segment_bytes() noexcept { return sizeof(AttentionSegment); }

/// The counters of one uid. Everybody may look; the uid's clients raise.
class AttentionView {
public:
    AttentionView() noexcept = default;
    static Result<AttentionView> open(std::span<std::byte const> segment);
    /// Acquire; partner: OwnAttention::raise.
    std::uint64_t count(std::uint32_t counter) const noexcept {
        return segment_->counters[counter % kAttentionCounters].count.load(std::memory_order_acquire);
    }

private:
    AttentionSegment const* segment_ = nullptr;
};

class OwnAttention {
public:
    OwnAttention() noexcept = default;
    static Result<OwnAttention> open(std::span<std::byte> segment);
    /// Raises each counter whose bit is set in `topics`.
    void raise(std::uint64_t topics) const noexcept;

private:
    AttentionSegment* segment_ = nullptr;
};

/// One place to sleep, owned by one thread at a time.
///
/// Crash: a reader that dies in between leaves an odd epoch: publishers ring it once, nobody waits for it.
class Sleeper {
public:
    Sleeper(Waiter& waiter, OwnAttention attention) noexcept : waiter_(&waiter), attention_(attention) {}

    /// Says that we are about to sleep and fences. Afterwards look once more at every ring and epoch, and call awake() if there is news.
    /// Where one of the rings says fenced = 0 the caller runs sys::global_barrier() before that look.
    /// Returns: the epoch, odd.
    std::uint64_t fall_asleep(std::uint64_t topics, BellKind bell) noexcept;
    void awake() noexcept;

private:
    Waiter* waiter_;
    OwnAttention attention_;
};

/// A publisher's memory of one attention counter. Begins at ~0, so that whoever slept before it came is looked at once.
class AttentionWatch {
public:
    /// `count` as just loaded, after the commit and its fence. Remembered before the caller looks at the sleepers.
    bool has_changed(std::uint64_t count) noexcept { return std::exchange(seen_, count) != count; }

private:
    std::uint64_t seen_ = ~std::uint64_t{0};
};

/// A publisher's (or busd's) memory of whom it has rung in one session: once per sleep epoch.
class Bellringer {
public:
    /// Calls ring(waiter index, BellKind) for each waiter that sleeps, wants one of `topics` and was not rung in its present epoch.
    /// Returns: how many.
    template <class Ring>
    unsigned ring_new(CursorsView const& session, std::uint64_t topics, Ring&& ring);

private:
    std::array<std::uint64_t, kWaitersPerSession> rung_{};
};

template <class Ring>
unsigned Bellringer::ring_new(CursorsView const& session, std::uint64_t topics, Ring&& ring) {
    unsigned count = 0;
    for (std::uint32_t index = 0; index < session.waiter_count(); ++index) {
        Waiter const& waiter = *session.waiter(index);
        std::uint64_t const epoch = waiter.sleep_epoch.load(std::memory_order_acquire);  // partner: Sleeper::fall_asleep
        if (epoch % 2 == 0 || epoch == rung_[index] || (waiter.topics.load(std::memory_order_relaxed) & topics) == 0) continue;
        ring(index, waiter.bell.load(std::memory_order_relaxed));
        rung_[index] = epoch;
        ++count;
    }
    return count;
}

}  // namespace bus::shm
