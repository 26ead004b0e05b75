// Requests to busd, one at a time, each carried out at most once whatever busd dies of.
//
// A request has a number; busd keeps the last number it carried out and its result in the session's entry, so that the same request sent
// again to the next busd is answered and not done twice. The answer lies in the lobby of our uid and is announced on the bell of waiter 0.
// While busd is dead a request waits for the next one until its deadline. Nothing here needs a heartbeat: busd's death shows in the `alive`
// set, and the next busd raises the generation and rings.
//
// A request given up at its deadline may still be carried out later. What it made then is removed as soon as its late answer is seen.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "client/outbox.hpp"
#include "wire/reassembly.hpp"

namespace bus::client {

/// What became of a session. Who is fenced off (its objects were removed, or it was taken for dead) may open another one; bus_removed: the
/// whole bus's objects were, and another bus comes in its place.
enum class Fate : std::uint8_t { ours, evicted, fenced_off, bus_ended, bus_removed };

/// Threads: any.
class Requests {
public:
    Requests(AttachedBus const& bus, Session const& session) : bus_(bus), session_(session), outbox_(bus, session) {}

    /// Fills in session and number, sends, waits for the answer. `what` says in errors what was asked: "create publisher of robot/pose".
    /// Errors: those of the answer's Failure; no_broker: none came until `deadline`; timeout: a living one did not answer;
    ///         closed: the session has ended; too_large: the request has more bytes than a control message may.
    Result<v1::Answer> request(v1::Request request, std::string_view what, sys::Deadline deadline);

    /// Without answer and without waiting: Outbox::post.
    void post(v1::Request request) noexcept { outbox_.post(std::move(request)); }
    /// For whoever saw that the generation has changed: sends posts again that the dead busd may not have read.
    void flush() noexcept { outbox_.flush(); }
    bool has_unsent_posts() const noexcept { return outbox_.has_unsent(); }

    /// As busd says; of a bus that was removed while none lived, as the next one says. Until then `ours`: what is mapped still goes on.
    Fate fate() const;
    /// closed, with a text; `fate` is not `ours`.
    Error closed(Fate fate) const;

private:
    Result<v1::Answer> send_and_wait(v1::Request const& request, std::string_view what, sys::Deadline deadline);
    Result<std::optional<v1::Answer>> take_answer(std::uint64_t number);
    void clear_bell() const noexcept;
    void fall_asleep() const noexcept;
    void wait_for_bell(sys::Deadline deadline) const;
    void wake_up() const noexcept;
    void remove_late(v1::Answer const& answer);
    Error unanswered(std::string_view what) const;

    AttachedBus const& bus_;
    Session const& session_;
    Outbox outbox_;
    std::mutex one_at_a_time_;  // held over a whole request, waiting included; what follows is under it
    std::uint64_t number_ = 0;  // of the last request
    wire::Reassembly parts_;    // of the answer that is coming in
    std::map<std::uint64_t, v1::Request::WhatCase> given_up_;
};

}  // namespace bus::client
