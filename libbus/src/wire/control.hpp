// The messages of control.proto, sent and received as typed values. Who reads which queue: docs/control-protocol.md.
//
// Nothing waits in the kernel. A `Mail` is a message on its way: where the queue is full it goes on at the next try, at the part it got to.
#pragma once

#include <bus/v1/control.pb.h>

#include <bus/error.hpp>
#include <cstdint>

#include "sys/fifo.hpp"
#include "sys/message_queue.hpp"
#include "wire/frame.hpp"
#include "wire/reassembly.hpp"

namespace bus::wire {

inline constexpr std::uint32_t kProtocolVersion = 1;

inline constexpr long kHelloType = 1;                                 // on the rendezvous queue
inline constexpr long kRequestType = 1;                               // on the request queue of a uid
inline constexpr std::uint64_t kSessionBit = std::uint64_t{1} << 62;  // in a lobby: an Answer; the rest is the index
inline constexpr std::uint64_t kNonceBit = std::uint64_t{1} << 61;    // in a lobby, without kSessionBit: an Offer; the rest is the nonce
inline constexpr std::uint64_t kNonceMask = kNonceBit - 1;
inline constexpr long kAnyOffer = -static_cast<long>(kSessionBit - 1);  // to receive: below all answers, as msgrcv takes it

constexpr long offer_type(std::uint64_t nonce) { return static_cast<long>(kNonceBit | (nonce & kNonceMask)); }
constexpr long answer_type(std::uint32_t session_index) { return static_cast<long>(kSessionBit | session_index); }

/// A message cut into frames, and how much of it was sent.
class Mail {
public:
    Mail(long type, Fragments fragments) : type_(type), fragments_(std::move(fragments)) {}
    /// Sends what the queue takes. Errors: would_block (bare code): full, try again later; those of Queue::try_send.
    Result<void> try_send(sys::Queue queue);
    bool sent() const noexcept { return next_ == fragments_.parts(); }
    bool begun() const noexcept { return next_ > 0; }
    long type() const noexcept { return type_; }

private:
    long type_;
    Fragments fragments_;
    std::size_t next_ = 0;
};

/// Errors of all four: too_large: more than kMaxMessageBytes.
Result<Mail> mail_of(v1::Hello const& hello);
Result<Mail> mail_of(v1::Offer const& offer, std::uint64_t nonce);
Result<Mail> mail_of(v1::Request const& request);
Result<Mail> mail_of(v1::Answer const& answer, std::uint32_t session_index);

/// Sends all of it, ringing busd's `knock` after each part: busd has to make room for the rest. Nobody behind the knock is no error:
/// the message waits for the next busd.
/// Errors: timeout (bare code): the queue stayed full until `deadline`; those of Queue::try_send.
Result<void> send(Mail& mail, sys::Queue queue, sys::FifoWriter const& knock, sys::Deadline deadline);

/// The offer made to this nonce. Errors: would_block (bare code): not there yet; invalid: it can't be read; those of Queue::try_receive.
Result<v1::Offer> try_receive_offer(sys::Queue lobby, std::uint64_t nonce);
/// The next answer to that session. `parts` keeps what is not whole yet between the calls. Errors: as above.
Result<v1::Answer> try_receive_answer(sys::Queue lobby, std::uint32_t session_index, Reassembly& parts);

/// For busd: the bytes of one message as a typed value. Errors: invalid.
Result<v1::Hello> parse_hello(Frame const& frame);
Result<v1::Request> parse_request(std::string const& message);

/// An Error as it travels, and back. A code this version doesn't know becomes `failed`.
void to_failure(Error const& error, v1::Failure& failure);
Error from_failure(v1::Failure const& failure);

}  // namespace bus::wire
