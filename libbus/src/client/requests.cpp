// One request and its answer.
#include "client/requests.hpp"

#include <poll.h>

#include <algorithm>

#include "sys/barrier.hpp"
#include "sys/poller.hpp"
#include "wire/control.hpp"

namespace bus::client {

namespace {

using namespace std::chrono_literals;

// The bell wakes us; this is how often we look whether it can still ring.
constexpr sys::Duration kLook = 100ms;
constexpr sys::Duration kNap = 1ms;  // where no bell is left
constexpr unsigned kWaiter = 0;

}  // namespace

Result<v1::Answer> Requests::request(v1::Request request, std::string_view what, sys::Deadline deadline) {
    std::lock_guard const lock(one_at_a_time_);
    request.set_session(session_.index());
    request.set_session_id(session_.id());
    request.set_number(++number_);
    auto answer = send_and_wait(request, what, deadline);
    if (!answer) {
        if (answer.error() != Errc::closed) given_up_.emplace(request.number(), request.what_case());
        return answer;
    }
    if (answer->has_failure()) return wire::from_failure(answer->failure());
    return answer;
}

Result<v1::Answer> Requests::send_and_wait(v1::Request const& request, std::string_view what, sys::Deadline deadline) {
    clear_bell();
    std::optional<Outbox::Mark> sent;
    unsigned sendings = 0;
    for (;;) {
        if (auto const now = fate(); now != Fate::ours) return closed(now);
        // Another busd than the one we asked: it may never have seen the request.
        if (!sent || sent->generation != bus_.generation()) {
            auto now = outbox_.send(request, std::min(deadline, sys::deadline_after(kLook)));
            ++sendings;
            if (now)
                sent = *now;
            else if (now.error() != Errc::timeout)
                return now.error();
        }
        fall_asleep();
        auto answer = take_answer(request.number());
        bool const done = !answer || *answer || sys::has_passed(deadline);
        if (!done) wait_for_bell(std::min(deadline, sys::deadline_after(kLook)));
        wake_up();
        if (!answer) return answer.error();
        if (*answer) {
            // Else it may be the answer of a next busd to what was sent to the one before, which took a post out of the queue and died.
            if (sent && sendings == 1 && sent->generation == bus_.generation()) outbox_.confirm(*sent);
            return std::move(**answer);
        }
        if (done) return unanswered(what);
    }
}

// Answers to requests given up come first: busd keeps the order.
Result<std::optional<v1::Answer>> Requests::take_answer(std::uint64_t number) {
    for (;;) {
        auto answer = wire::try_receive_answer(session_.lobby(), session_.index(), parts_);
        if (!answer) {
            if (answer.error() == Errc::would_block) return std::optional<v1::Answer>{};
            if (answer.error() == Errc::invalid) continue;  // a part of something older
            if (answer.error() == Errc::not_found)
                return Error(Errc::closed, "the lobby of our uid has gone: " + answer.error().what(), "");
            return answer.error();
        }
        if (answer->session_id() != session_.id()) continue;
        if (answer->number() == number) return std::optional<v1::Answer>(std::move(*answer));
        remove_late(*answer);
    }
}

void Requests::remove_late(v1::Answer const& answer) {
    auto const given_up = given_up_.extract(answer.number());
    if (given_up.empty() || answer.has_failure()) return;
    v1::Request removal;
    if (given_up.mapped() == v1::Request::kCreatePublisher)
        removal.mutable_remove_publisher()->set_ring_id(answer.id());
    else if (given_up.mapped() == v1::Request::kCreateSubscription)
        removal.mutable_remove_subscription()->set_subscription_id(answer.id());
    else
        return;
    outbox_.post(std::move(removal));
}

// Rings of answers that were found before we slept. Nobody else waits on this bell.
void Requests::clear_bell() const noexcept {
    auto const bell = session_.bell_of(kWaiter);
    auto const rung = session_.bells().value(bell);
    if (rung && *rung > 0) (void)session_.bells().try_acquire(bell, *rung);
}

// Waiter 0 listens to busd alone, so it names no topics. busd rings it for an answer, and when it takes over, if the epoch is odd: so the
// look into the lobby comes after that. (The fences pair with the one of busd between its message and its look at the waiter.)
void Requests::fall_asleep() const noexcept {
    auto& waiter = *session_.cursors().waiter(kWaiter);
    auto const epoch = waiter.sleep_epoch.load(std::memory_order_relaxed);
    waiter.topics.store(0, std::memory_order_relaxed);
    waiter.bell.store(shm::BellKind::semaphore, std::memory_order_relaxed);
    waiter.sleep_epoch.store(epoch + 1 + epoch % 2, std::memory_order_release);
    sys::full_fence();
}

void Requests::wake_up() const noexcept {
    auto& waiter = *session_.cursors().waiter(kWaiter);
    waiter.sleep_epoch.store(waiter.sleep_epoch.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void Requests::wait_for_bell(sys::Deadline deadline) const {
    auto const rung = session_.bells().acquire_until(session_.bell_of(kWaiter), deadline);
    if (rung || rung.error() == Errc::timeout) return;
    // Somebody removed the bells (ipcrm): the answer comes all the same, so we look again soon.
    (void)sys::poll_until(std::span<pollfd>(), std::min(deadline, sys::deadline_after(kNap)));
}

// What busd had said of the session holds after the end of the bus too: who was evicted before it does not come back by it.
Fate Requests::fate() const {
    auto const entry = bus_.directory().snapshot<shm::SessionEntry>(session_.index());
    bool const known = entry && entry->in_use() && (*entry)->session_id == session_.id();
    bool const reaping = known && (*entry)->head.state == static_cast<std::uint32_t>(shm::SessionState::reaping);
    if (reaping && (*entry)->end == shm::SessionEnd::evicted) return Fate::evicted;
    if (bus_.removed()) {
        auto const pid = bus_.head().broker_pid;
        if (pid == 0) return Fate::bus_ended;
        return pid == shm::kReplacedBus ? Fate::bus_removed : Fate::ours;
    }
    if (!entry) return Fate::ours;  // a busd that died changing the entry says nothing about it
    return known && !reaping ? Fate::ours : Fate::fenced_off;
}

Error Requests::closed(Fate fate) const {
    auto const who = "session " + std::to_string(session_.id()) + " of bus '" + bus_.name() + "'";
    switch (fate) {
        case Fate::bus_ended:
            return Error(Errc::closed, who + " has ended: its broker stopped the bus",
                         "open a new Connection when it serves again: busd --detach");
        case Fate::bus_removed:
            return Error(Errc::closed, who + " has ended: somebody removed the bus's IPC objects", "bus doctor");
        case Fate::evicted:
            return Error(Errc::closed, who + " was ended by the broker: evicted", "open a new Connection; see: bus events");
        case Fate::fenced_off:
        case Fate::ours:
            break;
    }
    return Error(Errc::closed, who + " was ended by the broker: its objects were removed, or it was taken for dead", "see: bus events");
}

Error Requests::unanswered(std::string_view what) const {
    auto const pid = std::to_string(bus_.head().broker_pid);
    if (bus_.broker_alive())
        return Error(Errc::timeout,
                     std::string(what) + ": the broker of bus '" + bus_.name() + "' (pid " + pid + ") did not answer in time",
                     "look at it: bus, kill -USR1 " + pid);
    return no_living_broker(bus_, std::string(what) + ": the broker (pid " + pid + ") has died, and no other one came in time");
}

}  // namespace bus::client
