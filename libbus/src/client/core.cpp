// A session: how it begins, how it is found to have ended, how it ends.
#include "client/core.hpp"

#include <bus/handle.hpp>

#include "client/admission.hpp"

namespace bus::client {

namespace {

// An admission that is given up in the middle is begun anew by the next call: nobody gets anywhere who gives it less time. Beyond it no
// call waits longer than it may, though a busd that was stopped, or killed, may answer much later.
constexpr Duration kShortestAdmission = std::chrono::milliseconds(100);

// Asks until the deadline where an offer was withdrawn before we took it.
Result<std::shared_ptr<Core>> admit(ConnectionOptions const& options, AttachedBusPtr const& bus, sys::Deadline deadline) {
    for (;;) {
        auto parts = take_offer(*bus, options, deadline);
        if (!parts) return parts.error();
        auto core = std::make_shared<Core>(options, bus, std::move(*parts));
        v1::Request attach;
        attach.mutable_attach();
        auto attached = core->requests.request(std::move(attach), "attach", deadline);
        if (attached) return core;
        if (attached.error() != Errc::closed || bus->removed() || sys::has_passed(deadline)) return attached.error();
    }
}

}  // namespace

Result<std::shared_ptr<Core>> Core::open(ConnectionOptions const& options, RunLoop& loop, sys::Deadline deadline) {
    for (;;) {
        auto bus = attach_bus(options, Wanted::living, deadline);
        if (!bus) return bus.error();
        auto core = admit(options, *bus, std::max(deadline, sys::deadline_after(kShortestAdmission)));
        if (!core) {
            // Stopped, or removed, under our feet, whatever it was that we missed first: look for the next one.
            if (!(*bus)->removed()) return core.error();
            if (sys::has_passed(deadline)) return no_living_broker(**bus, core.error().what());
            continue;
        }
        auto data = make_data_side(**core, loop);
        if (!data) return data.error();
        (*core)->data = std::move(*data);
        return core;
    }
}

Core::Core(ConnectionOptions resolved, AttachedBusPtr attached, SessionParts parts)
    : options(std::move(resolved)),
      bus(std::move(attached)),
      session(std::move(parts)),
      segments(bus->broker_uid()),
      peers(*bus, segments),
      requests(*bus, session) {}

// The token goes back before the Leave is sent: busd gives back what nobody holds. The FIFO is closed after it (with the session): then
// busd finds the Leave, and takes us for somebody who left, not for one who died.
Core::~Core() {
    data.reset();
    if (in_child()) return;
    session.end();
    v1::Request leave;
    leave.mutable_leave();
    requests.post(std::move(leave));
}

Error Core::closed_by_fork() {
    return Error(Errc::closed, "this connection belongs to the parent of a fork", "open a Connection of its own in the child");
}

Error Core::closed_by_move() { return Error(Errc::closed, "this Connection was moved from"); }

// ---- has it ended? ------------------------------------------------------------------------------------------------------------

void Core::end(Fate fate) const noexcept {
    auto expected = Fate::ours;  // the first finding stays
    (void)fate_.compare_exchange_strong(expected, fate, std::memory_order_relaxed);
    ended_.store(true, std::memory_order_release);
}

bool Core::may_come_back() const noexcept {
    if (in_child() || !ended_.load(std::memory_order_acquire)) return false;  // partner: end(). is_closed() does not acquire
    auto const fate = fate_.load(std::memory_order_relaxed);
    return fate == Fate::fenced_off || fate == Fate::bus_removed;
}

// The epoch first: who ends a session, or the bus, raises it when that can be seen.
bool Core::has_ended() const noexcept {
    if (is_closed()) return true;
    if (requests.has_unsent_posts()) [[unlikely]]
        requests.flush();
    auto const epoch = bus->epoch();
    if (seen_epoch_.load(std::memory_order_relaxed) == epoch) [[likely]]
        return false;
    seen_epoch_.store(epoch, std::memory_order_relaxed);
    return !check();
}

Result<void> Core::check() const {
    if (in_child()) return closed_by_fork();
    if (ended_.load(std::memory_order_acquire)) return requests.closed(fate_.load(std::memory_order_relaxed));
    auto const fate = requests.fate();
    if (fate == Fate::ours) return {};
    end(fate);
    return requests.closed(fate);
}

// ---- what is asked of busd ----------------------------------------------------------------------------------------------------

Result<v1::Answer> Core::request(v1::Request request, std::string_view what, sys::Deadline deadline) {
    if (in_child()) return closed_by_fork();
    if (auto open = check(); !open) return open.error();
    auto answer = requests.request(std::move(request), what, deadline);
    if (!answer && answer.error() == Errc::closed) (void)check();
    return answer;
}

void Core::post(v1::Request request) noexcept {
    if (!is_closed()) requests.post(std::move(request));
}

}  // namespace bus::client
