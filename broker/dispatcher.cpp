// From queue to request to answer.
#include "dispatcher.hpp"

#include "bells.hpp"
#include "log.hpp"
#include "rendezvous.hpp"
#include "requests.hpp"
#include "sessions.hpp"
#include "tokens.hpp"

namespace bus::broker {
namespace {

Result<Made> perform(State& state, Session& session, v1::Request const& request) {
    using What = v1::Request;
    if (request.what_case() == What::kAttach) return attach_session(state, session);
    if (!session.live()) return Error(Errc::closed, "session " + std::to_string(session.id) + " is not attached");
    switch (request.what_case()) {
        case What::kCreatePublisher:
            return create_publisher(state, session, request.create_publisher(), request.number());
        case What::kRemovePublisher:
            return remove_publisher(state, session, request.remove_publisher());
        case What::kCreateSubscription:
            return create_subscription(state, session, request.create_subscription(), request.number());
        case What::kRemoveSubscription:
            return remove_subscription(state, session, request.remove_subscription());
        case What::kDetachRing:
            return detach_ring(state, session, request.detach_ring());
        case What::kRemoveTopic:
            return remove_topic(state, session, request.remove_topic());
        case What::kEvictClient:
            return evict_client(state, session, request.evict_client());
        default:
            return Error(Errc::invalid, "a request this busd does not know");
    }
}

// The number last and by itself: dead before it, the request counts as not done; a result without its number means nothing.
void note(State& state, Session& session, std::uint64_t number, Result<Made> const& result) {
    state.directory.change<shm::SessionEntry>(session.index, [&](shm::SessionEntry& entry) {
        entry.last_status = static_cast<std::uint32_t>(result ? Errc::ok : result.error().code());
        entry.last_index = result ? result->index : 0;
        entry.subscriptions = static_cast<std::uint32_t>(session.subscriptions.size());
    });
    state.directory.change<shm::SessionEntry>(session.index, [&](shm::SessionEntry& entry) { entry.last_request = number; });
}

// A busd that took over from a dead one knows from the session's entry where the last request made something, and finds there what.
void complete(State const& state, v1::Request const& request, v1::Answer& answer) {
    if (answer.id() != 0 || answer.has_failure()) return;
    auto const view = state.directory.view();
    if (request.what_case() == v1::Request::kCreatePublisher) {
        if (auto const ring = view.snapshot<shm::RingEntry>(answer.index())) answer.set_id((*ring)->ring_id);
    } else if (request.what_case() == v1::Request::kCreateSubscription) {
        if (auto const made = view.snapshot<shm::SubscriptionEntry>(answer.index())) answer.set_id((*made)->subscription_id);
    }
}

}  // namespace

Dispatcher::Dispatcher(State& state) : state_(state), buffer_(wire::kMaxFrameBytes) {}

template <class Handle>
bool Dispatcher::drain(sys::Queue queue, Handle&& handle) {
    for (std::size_t count = 0; count < kPerTurn; ++count) {
        auto const received = queue.try_receive(0, buffer_);
        if (!received && received.error() == Errc::too_large) {
            // Nothing of ours is that long; but it must come out. A message is never longer than what its queue holds.
            auto const stat = queue.stat();
            if (!stat || stat->bytes <= buffer_.size()) return false;
            buffer_.resize(stat->bytes);
            continue;
        }
        if (!received) return false;
        auto const frame = wire::parse_frame(std::span(buffer_).first(received->bytes));
        if (!frame) {
            ++state_.counters.garbage;
            continue;
        }
        handle(*frame);
    }
    return true;
}

bool Dispatcher::turn() {
    bool more = drain(sys::Queue(state_.bus.rendezvous.id), [&](wire::Frame const& frame) { from_stranger(frame); });
    std::vector<std::uint32_t> users;
    for (auto const& [index, user] : state_.users.all()) {
        if (user->complete()) users.push_back(index);
    }
    for (auto const index : users) {
        more |= drain(state_.users.at(index).request_queue(), [&](wire::Frame const& frame) { from_user(index, frame); });
    }
    return more;
}

void Dispatcher::from_stranger(wire::Frame const& frame) {
    auto const hello = wire::parse_hello(frame);
    if (!hello) {
        ++state_.counters.garbage;
        return;
    }
    say_hello(state_, *hello, std::nullopt);
}

void Dispatcher::from_user(std::uint32_t user_index, wire::Frame const& frame) {
    auto& user = state_.users.at(user_index);
    if (frame.head.session_id == 0) {
        auto const hello = wire::parse_hello(frame);
        if (hello) return say_hello(state_, *hello, user.uid);
        ++state_.counters.garbage;
        return;
    }
    auto* const session = state_.sessions.find(frame.head.session_id);
    if (session == nullptr || session->user != &user) return;  // of a session that has ended, or somebody else's
    auto const message = session->parts.add(frame);
    if (!message) {
        ++state_.counters.garbage;
        return;
    }
    if (!*message) return;
    auto const request = wire::parse_request(**message);
    if (!request || request->session_id() != session->id || request->number() != frame.head.number) {
        ++state_.counters.garbage;
        if (frame.head.number == 0 || request) return;
        v1::Answer refusal;
        refusal.set_number(frame.head.number);
        wire::to_failure(request.error(), *refusal.mutable_failure());
        return answer(*session, std::move(refusal));
    }
    carry_out(*session, *request);
}

void Dispatcher::carry_out(Session& session, v1::Request const& request) {
    ++state_.counters.requests;
    auto const number = request.number();
    if (request.what_case() == v1::Request::kLeave) {
        if (look_at_token(session) == Life::dead) return end_session(state_, session, v1::Event::said_goodbye);
        return fence_off(state_, session, v1::Event::said_goodbye, "it said that it leaves");
    }
    if (number != 0 && number <= session.last_request) {
        ++state_.counters.repeated;
        if (number != session.last_request) return;
        complete(state_, request, session.last_answer);
        answer(session, session.last_answer);
        return;
    }
    auto const begun = state_.events.request_begins(session, request);
    auto const result = begun ? perform(state_, session, request) : Result<Made>(begun.error());
    state_.events.request_ends(session, request, result);
    if (number == 0) {
        if (!result) log::info("session " + std::to_string(session.id) + " (" + session.name + "): " + result.error().what());
        return;
    }
    v1::Answer reply;
    reply.set_number(number);
    if (result) {
        reply.set_index(result->index);
        reply.set_id(result->id);
    } else {
        wire::to_failure(result.error(), *reply.mutable_failure());
    }
    note(state_, session, number, result);
    session.last_request = number;
    session.last_answer = reply;
    answer(session, std::move(reply));
}

void Dispatcher::answer(Session& session, v1::Answer answer) {
    answer.set_session_id(session.id);
    auto mail = wire::mail_of(answer, session.index);
    if (!mail) return;
    if (session.outbox.size() >= 4) session.outbox.pop_front();  // it asks again without reading: what it gets is up to it
    session.outbox.push_back(std::move(*mail));
    (void)send_waiting();
}

bool Dispatcher::send_waiting() {
    bool waiting = send_offers(state_);
    for (auto const& [index, session] : state_.sessions.all()) {
        bool sent_some = false;
        while (!session->outbox.empty()) {
            auto const sent = session->outbox.front().try_send(session->user->lobby_queue());
            if (!sent && sent.error() == Errc::would_block) {
                waiting = true;
                break;
            }
            session->outbox.pop_front();
            sent_some = true;
        }
        if (sent_some) ring_for_answer(*session);
    }
    return waiting;
}

}  // namespace bus::broker
