// Typed messages in and out of kernel queues.
#include "wire/control.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "sys/poller.hpp"

namespace bus::wire {
namespace {

using namespace std::chrono_literals;

template <class Message>
Result<Mail> mail(long type, std::uint64_t session_id, std::uint64_t number, Message const& message) {
    auto fragments = Fragments::cut(session_id, number, message.SerializeAsString());
    if (!fragments) return fragments.error();
    return Mail(type, std::move(*fragments));
}

template <class Message>
Result<Message> parse(std::string_view bytes, char const* what) {
    Message message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return Error(Errc::invalid, std::string("control message: ") + std::to_string(bytes.size()) + " bytes that are no " + what);
    }
    return message;
}

std::string_view text(std::span<std::byte const> bytes) { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }

Result<Frame> receive_frame(sys::Queue queue, long type, std::span<std::byte> buffer) {
    auto received = queue.try_receive(type, buffer);
    if (!received) return received.error();
    return parse_frame(buffer.first(received->bytes));
}

}  // namespace

Result<void> Mail::try_send(sys::Queue queue) {
    std::array<std::byte, kMaxFrameBytes> buffer;
    for (; !sent(); ++next_) {
        if (auto done = queue.try_send(type_, fragments_.frame(next_, buffer)); !done) return done;
    }
    return {};
}

Result<Mail> mail_of(v1::Hello const& hello) { return mail(kHelloType, 0, 0, hello); }
Result<Mail> mail_of(v1::Offer const& offer, std::uint64_t nonce) { return mail(offer_type(nonce), offer.session_id(), 0, offer); }
Result<Mail> mail_of(v1::Request const& request) { return mail(kRequestType, request.session_id(), request.number(), request); }
Result<Mail> mail_of(v1::Answer const& answer, std::uint32_t session_index) {
    return mail(answer_type(session_index), answer.session_id(), answer.number(), answer);
}

Result<void> send(Mail& mail, sys::Queue queue, sys::FifoWriter const& knock, sys::Deadline deadline) {
    sys::Duration nap = 50us;
    for (;;) {
        auto sent = mail.try_send(queue);
        (void)knock.ring();  // nobody there: the next busd looks into its queues first
        if (sent || sent.error() != Errc::would_block) return sent;
        if (sys::has_passed(deadline)) return Error(Errc::timeout);
        (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline, sys::deadline_after(nap)));  // a nap
        nap = std::min<sys::Duration>(2 * nap, 2ms);
    }
}

Result<v1::Offer> try_receive_offer(sys::Queue lobby, std::uint64_t nonce) {
    std::array<std::byte, kMaxFrameBytes> buffer;
    auto frame = receive_frame(lobby, offer_type(nonce), buffer);
    if (!frame) return frame.error();
    if (frame->head.parts != 1) return Error(Errc::invalid, "control message: an Offer in " + std::to_string(frame->head.parts) + " parts");
    return parse<v1::Offer>(text(frame->payload), "Offer");
}

Result<v1::Answer> try_receive_answer(sys::Queue lobby, std::uint32_t session_index, Reassembly& parts) {
    std::array<std::byte, kMaxFrameBytes> buffer;
    for (;;) {
        auto frame = receive_frame(lobby, answer_type(session_index), buffer);
        if (!frame) return frame.error();
        auto message = parts.add(*frame);
        if (!message) return message.error();
        if (*message) return parse<v1::Answer>(**message, "Answer");
    }
}

Result<v1::Hello> parse_hello(Frame const& frame) {
    if (frame.head.parts != 1) return Error(Errc::invalid, "control message: a Hello in " + std::to_string(frame.head.parts) + " parts");
    return parse<v1::Hello>(text(frame.payload), "Hello");
}

Result<v1::Request> parse_request(std::string const& message) { return parse<v1::Request>(message, "Request"); }

namespace {

void to_difference(SchemaDifference const& difference, v1::SchemaDifference& message) {
    message.set_ours(difference.ours);
    message.set_theirs(difference.theirs);
    for (auto const& change : difference.changes) {
        auto& added = *message.add_changes();
        added.set_verdict(static_cast<std::uint32_t>(change.verdict));
        added.set_field(change.field);
        added.set_ours(change.ours);
        added.set_theirs(change.theirs);
    }
}

SchemaDifference from_difference(v1::SchemaDifference const& message) {
    using Verdict = SchemaDifference::Change::Verdict;
    SchemaDifference difference{message.ours(), message.theirs(), {}};
    for (auto const& change : message.changes()) {
        auto const verdict =
            change.verdict() <= static_cast<std::uint32_t>(Verdict::refused) ? static_cast<Verdict>(change.verdict()) : Verdict::refused;
        difference.changes.push_back({verdict, change.field(), change.ours(), change.theirs()});
    }
    return difference;
}

}  // namespace

void to_failure(Error const& error, v1::Failure& failure) {
    failure.set_code(static_cast<std::uint32_t>(error.code()));
    failure.set_what(error.what());
    failure.set_hint(error.hint());
    failure.set_detail(error.detail());
    if (auto const* const difference = error.schema_difference()) {
        failure.set_what(
            error.what().substr(0, error.what().size() - difference->text().size() - 1));  // its text is made anew from the data
        to_difference(*difference, *failure.mutable_difference());
    }
}

Error from_failure(v1::Failure const& failure) {
    bool const known = failure.code() > static_cast<std::uint32_t>(Errc::ok) && failure.code() <= static_cast<std::uint32_t>(Errc::failed);
    auto const code = known ? static_cast<Errc>(failure.code()) : Errc::failed;
    if (code == Errc::schema_mismatch && failure.has_difference())
        return Error(failure.what(), from_difference(failure.difference()), failure.hint());
    return {code, failure.what(), failure.hint(), failure.detail()};
}

}  // namespace bus::wire
