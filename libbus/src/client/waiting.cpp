// Spinning, sleeping, being woken.
#include "client/waiting.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>

#include "client/data_side.hpp"
#include "shm/memory.hpp"
#include "shm/sleepers.hpp"
#include "sys/barrier.hpp"
#include "sys/poller.hpp"

namespace bus::client {

namespace {

constexpr Duration kNap = std::chrono::milliseconds(1);  // where all places are taken, or nobody can fence for us
constexpr int kLooksPerClock = 16;

/// One thread on one place, from its first sleep to the end of its waiting call.
class Bed {
public:
    explicit Bed(DataSide& data) noexcept : data_(data), place_(data.places.acquire()) {}
    Bed(Bed const&) = delete;
    Bed& operator=(Bed const&) = delete;
    ~Bed() {
        if (listening_) data_.hub.remove(*event_);
        if (place_) data_.places.release(*place_);
    }

    /// From here on we are rung. Returns: whether that is sure; else sleep for a nap only.
    Result<bool> fall_asleep(Awaited& what) {
        auto const wish = what.wish();
        recheck_ = std::min(data_.recheck, wish.recheck);
        if (!place_) return false;
        foreign_ = wish.foreign;
        if (foreign_ && !listening_) {
            auto event = data_.places.event_of(*place_);
            if (!event) return event.error();
            event_ = *event;
            data_.hub.add(*event_);
            listening_ = true;
        }
        data_.places.sleeper(*place_).fall_asleep(wish.topics, foreign_ ? shm::BellKind::fifo : shm::BellKind::semaphore);
        // An unfenced publisher's tail may still be on its way to memory while it has looked at the counters already; with this it is not.
        if (!what.is_unfenced() || sys::global_barrier()) return true;
        return false;
    }

    void awake() const noexcept {
        if (place_) data_.places.sleeper(*place_).awake();
    }

    Duration recheck() const noexcept { return recheck_; }

    void wait(sys::Deadline deadline) const {
        auto const& session = data_.places.session();
        if (!place_) {
            (void)sys::poll_until(std::span<pollfd>(), deadline);
        } else if (!foreign_) {
            auto const rung = session.bells().acquire_until(session.bell_of(*place_), deadline);
            // Somebody removed the bells (ipcrm): nobody can ring us, so we look again soon, and often.
            if (!rung && rung.error() != Errc::timeout)
                (void)sys::poll_until(std::span<pollfd>(), std::min(deadline, sys::deadline_after(kNap)));
        } else {
            std::array<pollfd, 2> both{
                {{.fd = data_.hub.fd(), .events = POLLIN, .revents = 0}, {.fd = event_->fd(), .events = POLLIN, .revents = 0}}};
            (void)sys::poll_until(both, deadline);
            if (both[0].revents != 0) data_.hub.drain(event_);
            if (both[1].revents != 0) (void)event_->drain();
        }
    }

    /// Takes out what was posted for sleeps that are over. What was posted for a message still to be seen is found by the next look.
    void drain() const {
        if (!place_) return;
        auto const& session = data_.places.session();
        while (session.bells().try_acquire(session.bell_of(*place_))) {
        }
    }

    void poke() const noexcept {
        if (place_) data_.places.poke(*place_);
    }

private:
    DataSide& data_;
    std::optional<unsigned> place_;
    sys::EventFd const* event_ = nullptr;
    Duration recheck_ = kNap;
    bool foreign_ = false, listening_ = false;
};

bool spin_for(Duration limit, sys::Deadline deadline, Awaited& what) {
    auto const end = std::min(deadline, sys::deadline_after(limit));
    do {
        for (int i = 0; i < kLooksPerClock; ++i) {
            if (what.glance()) return true;
            shm::cpu_relax();
        }
    } while (sys::steady_now() < end);
    return false;
}

struct Poke {
    Bed const* bed;
    void operator()() const noexcept { bed->poke(); }
};

}  // namespace

Result<void> wait_until(DataSide& data, Spin& spin, sys::Deadline deadline, std::stop_token const& stop, Awaited& what) {
    auto const over = [&] { return data.stopped() || stop.stop_requested(); };
    if (over()) return what.look() ? Result<void>() : Errc::cancelled;
    if (auto const limit = spin.limit(); limit > Duration::zero()) {
        bool const found = spin_for(limit, deadline, what);
        spin.tell(found);
        if (found) return {};
    }
    if (sys::has_passed(deadline)) return what.look() ? Result<void>() : Errc::timeout;
    Bed bed(data);
    std::optional<std::stop_callback<Poke>> poke;  // destroyed before the bed: its end waits for a poke under way
    if (stop.stop_possible()) poke.emplace(stop, Poke{&bed});
    for (;;) {
        if (data.core.in_child()) return data.core.closed_by_fork();
        auto const sure = bed.fall_asleep(what);
        if (!sure) return sure.error();
        bool const found = what.look();
        if (found || over() || sys::has_passed(deadline)) {
            bed.awake();
            if (found) return {};
            return over() ? Errc::cancelled : Errc::timeout;
        }
        if (what.is_outdated()) {
            bed.awake();
            continue;
        }
        auto const longest = *sure ? bed.recheck() : kNap;
        bed.wait(std::min(deadline, sys::deadline_after(longest)));
        bed.awake();
        if (what.look()) return {};
        bed.drain();
    }
}

}  // namespace bus::client
