// A full ring: whom to wait for, how, how long.
//
// The publisher says in the ring's head whose session holds it up, and sleeps on a place of its own session like any reader. That reader
// finds its session id there (one load per message) once it has given room back, tells its cursor and rings us: HeldRoom::tell. Between
// its cursor and that load it does not fence; a wake-up lost so is made good when it finds nothing more to read and fences to sleep, and
// by our own second look. The same look finds out from its token that it died: then it counts no more, with or without busd.
#include <algorithm>

#include "client/publisher_state.hpp"

namespace bus::client {

namespace {
// busd rings us when it has reaped who holds us up; while it is dead these looks are all there is. A look costs some microseconds.
constexpr Duration kLookAtToken = std::chrono::milliseconds(2);
}  // namespace

class PublisherState::Room final : public Awaited {
public:
    Room(PublisherState& publisher, std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) noexcept
        : publisher_(publisher), bytes_(bytes), extension_bytes_(extension_bytes), alignment_(alignment) {}
    Room(Room const&) = delete;
    Room& operator=(Room const&) = delete;
    ~Room() {
        if (waits_) tell(0);
    }

    /// The first look found none: from here on it is somebody else's doing, and counted as such.
    void begin_to_wait() noexcept {
        waits_ = true;
        since_ = sys::steady_now();
    }

    Wish wish() override {
        auto const* const slowest = publisher_.audience_->slowest_living();
        tell(slowest != nullptr ? slowest->session_id : 0);
        return {.topics = publisher_.audience_->topic_bit(),
                .foreign = slowest != nullptr && slowest->uid != publisher_.core_->session.uid(),
                .recheck = kLookAtToken};
    }
    bool look() override {
        at_ = publisher_.try_after_refresh(bytes_, extension_bytes_, alignment_);
        while (at_ == nullptr && publisher_.evict_the_slowest()) at_ = publisher_.try_after_refresh(bytes_, extension_bytes_, alignment_);
        if (at_ == nullptr && publisher_.audience_->is_stale()) {  // the ring was taken away, or has changed just now
            publisher_.attend();
            at_ = publisher_.try_after_refresh(bytes_, extension_bytes_, alignment_);
        }
        return at_ != nullptr || publisher_.is_closed() || publisher_.core_->has_ended();
    }

    Result<std::byte*> given() const {
        if (at_ == nullptr) return publisher_.closed_locked();
        return at_;
    }

private:
    void tell(std::uint64_t held_by) noexcept {
        auto const now = sys::steady_now();
        publisher_.waited_ns_ += static_cast<std::uint64_t>((now - since_).count());
        since_ = now;
        publisher_.writer_.tell_waiting(publisher_.waited_ns_, held_by);
    }

    PublisherState& publisher_;
    std::size_t bytes_;
    std::uint16_t extension_bytes_;
    std::size_t alignment_;
    std::byte* at_ = nullptr;
    bool waits_ = false;
    sys::Deadline since_{};
};

std::byte* PublisherState::try_after_refresh(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
    writer_.refresh_limit([&](std::uint64_t tail) { return floor(tail); });
    return writer_.try_reserve(bytes, extension_bytes, alignment);
}

// Who read the ring of the session before reliably is about to come over, and begins at this one's first message: so it stays there.
std::uint64_t PublisherState::floor(std::uint64_t tail) {
    auto const [position, changed] = audience_->floor(tail);
    if (changed) noticed(true);  // nothing else is going to find it stale: it may be the end of the bus, which is said once
    if (to_come_ == 0) [[likely]]
        return position;
    if (audience_->count_waited_for() < to_come_ && !sys::has_passed(to_come_until_)) return 0;
    to_come_ = 0;
    return position;
}

// Since when each of them stands where it stands, while there is no room.
void PublisherState::note_holdups(sys::Deadline now) {
    if (holdups_at_ != writer_.tail()) holdups_.clear();  // there was room meanwhile
    holdups_at_ = writer_.tail();
    std::vector<Holdup> noted;
    for (auto const& member : audience_->members()) {
        if (!member.is_waited_for() || member.counted == shm::kClosed) continue;
        auto const known = std::ranges::find(holdups_, member.subscription_id, &Holdup::subscription_id);
        bool const stands = known != holdups_.end() && known->position == member.counted;
        noted.push_back({member.subscription_id, member.counted, stands ? known->since : now});
    }
    holdups_ = std::move(noted);
}

// Whoever stands where it stood, so long, loses its place: it reads on as a best-effort subscriber of this ring, and counts what it misses.
// Returns: whether somebody did.
bool PublisherState::evict_the_slowest() {
    if (options_.evict_after == Duration::zero()) return false;
    auto const* const slowest = audience_->slowest_living();
    if (slowest == nullptr) return false;
    auto const now = sys::steady_now();
    note_holdups(now);
    auto const holdup = std::ranges::find(holdups_, slowest->subscription_id, &Holdup::subscription_id);
    if (holdup == holdups_.end() || now - holdup->since < options_.evict_after) return false;
    auto const behind = writer_.tail() - std::min(writer_.tail(), slowest->counted);
    Error const why(Errc::full,
                    "subscription " + std::to_string(slowest->subscription_id) + " of session " + std::to_string(slowest->session_id) +
                        " held up the publisher of " + topic_ + " for " +
                        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now - holdup->since).count()) + " ms, " +
                        std::to_string(behind) + " bytes behind: its place was taken away (evict_after), it may lose messages",
                    "bus topic info " + topic_);
    audience_->evict(slowest->subscription_id);
    evicted_.fetch_add(1, std::memory_order_relaxed);
    connection_->loop.tell({.kind = Event::Kind::lost, .object = topic_, .error = why});
    return true;
}

// A session that ends while we wait takes its readers along: they stand in the next one.
Result<std::byte*> PublisherState::reserve_slowly(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
    for (;;) {
        auto room = wait_for_room(bytes, extension_bytes, alignment);
        if (room || room.error() != Errc::closed || !core_->is_closed() || !core_->may_come_back()) return room;
        if (auto back = come_back(patience()); !back) return back.error();
        if (auto* const to = writer_.try_reserve(bytes, extension_bytes, alignment)) return to;
    }
}

Result<std::byte*> PublisherState::wait_for_room(std::size_t bytes, std::uint16_t extension_bytes, std::size_t alignment) {
    Room room(*this, bytes, extension_bytes, alignment);
    if (room.look()) return room.given();
    room.begin_to_wait();
    if (options_.when_full != WhenFull::wait) {
        (void)audience_->slowest_living();  // the dead hold nobody up
        if (room.look()) return room.given();
        if (options_.when_full == WhenFull::refuse) return Errc::would_block;
        writer_.drop();
        dropped_.store(dropped_before_ + writer_.dropped(), std::memory_order_relaxed);
        return static_cast<std::byte*>(nullptr);
    }
    if (auto waited = wait_until(*core_->data, spin_, sys::deadline_after(options_.wait_for), {}, room); !waited) return waited.error();
    return room.given();
}

}  // namespace bus::client
