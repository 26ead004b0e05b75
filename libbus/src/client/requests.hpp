// Requests to busd, one at a time, each answered exactly once whatever busd dies of.
//
// A request has a number; busd keeps the last number it carried out and its result in the session's entry, so that the same request sent
// again to the next busd is answered and not done twice. The answer lies in the lobby of our uid and is announced on the bell of waiter 0.
// While busd is dead a request waits for the next one until its deadline. Nothing here needs a heartbeat: busd's death shows in the `alive`
// set, and the next busd raises the generation and rings.
//
// A post wants no answer and waits for nothing: for destructors. Posts are kept until a request sent later was answered by the same
// busd (the queue keeps the order, so they were carried out by then), and are sent again to a new one.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "client/attached_bus.hpp"
#include "client/session.hpp"
#include "sys/clock.hpp"
#include "wire/reassembly.hpp"

namespace bus::v1 {
class Request;
class Answer;
}  // namespace bus::v1

namespace bus::client {

/// Threads: any.
class Requests {
public:
    Requests(AttachedBus const& bus, Session const& session);
    ~Requests();

    /// Fills in session and number, sends, waits for the answer. `what` says in errors what was asked: "create publisher of robot/pose".
    /// Errors: those of the answer's Failure; no_broker: none came until `deadline`; timeout: a living one did not answer;
    ///         closed: the session ended; too_large: the request has more bytes than a control message may.
    Result<v1::Answer> request(v1::Request request, std::string_view what, sys::Deadline deadline);

    /// Sends without asking for an answer; never waits. What does not fit into the queue now goes with the next request or post.
    void post(v1::Request request) noexcept;

    /// For whoever saw that the generation has changed: sends posts again that the dead busd may not have read.
    void send_posts_again() noexcept;

private:
    struct Sending;
    struct Posts;
    Result<v1::Answer> wait_for_answer(v1::Request const& request, std::string_view what, sys::Deadline deadline);
    Result<std::optional<v1::Answer>> take_answer(std::uint64_t number);
    Error unanswered(std::string_view what) const;

    AttachedBus const& bus_;
    Session const& session_;
    std::mutex one_at_a_time_;  // held over a whole request, waiting included
    std::uint64_t number_ = 0;  // of the last request; under one_at_a_time_
    wire::Reassembly parts_;    // of the answer that is coming in; under one_at_a_time_
    std::unique_ptr<Posts> posts_;
};

}  // namespace bus::client
