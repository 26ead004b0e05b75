// A connection's shared state: how it begins and ends.
#include "client/core.hpp"

#include <bus/handle.hpp>

#include "client/admission.hpp"
#include "client/runtime_folder.hpp"

namespace bus::client {

namespace {

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

Result<std::shared_ptr<Core>> Core::open(ConnectionOptions const& options) {
    auto const resolved = resolve(options);
    if (!resolved) return resolved.error();
    auto const deadline = sys::deadline_after(resolved->timeout);
    for (;;) {
        auto bus = attach_bus(*resolved, Wanted::living, deadline);
        if (!bus) return bus.error();
        auto core = admit(*resolved, *bus, deadline);
        if (!core) {
            // Stopped under our feet: look for the next one.
            if (core.error() == Errc::closed && (*bus)->removed() && !sys::has_passed(deadline)) continue;
            return core.error();
        }
        auto data = make_data_side(**core);
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
    auto ours = requests.check_session();
    if (!ours) ended_.store(true, std::memory_order_relaxed);
    return ours;
}

Result<v1::Answer> Core::request(v1::Request request, std::string_view what) {
    if (in_child()) return closed_by_fork();
    auto answer = requests.request(std::move(request), what, sys::deadline_after(options.timeout));
    if (!answer && answer.error() == Errc::closed) ended_.store(true, std::memory_order_relaxed);
    return answer;
}

void Core::post(v1::Request request) noexcept {
    if (!is_closed()) requests.post(std::move(request));
}

}  // namespace bus::client
