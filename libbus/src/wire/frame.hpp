// Control messages may be longer than one kernel message (msgmax, 8192 bytes): they travel as frames, each a kernel message of its own.
//
//   offset  bytes  field        meaning
//        0      8  session_id   whose message it is; 0 in a Hello
//        8      8  number       of the request, or of the request it answers; 0 in Hello and Offer
//       16      4  bytes        of the whole message, at most kMaxMessageBytes
//       20      2  part         0, 1, ... parts - 1, sent in this order
//       22      2  parts        at least 1
//       24         payload      this part of the message; only a message of 0 bytes has an empty one
//
// Numbers as the machine has them: both sides live on one host. A kernel queue keeps the order of what one sender sends, so a part out of
// order means a sender that died or misbehaves: what was collected is dropped, and the next part 0 begins anew.
#pragma once

#include <bus/error.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace bus::wire {

inline constexpr std::size_t kMaxFrameBytes = 8192;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;

struct FrameHead {
    std::uint64_t session_id;
    std::uint64_t number;
    std::uint32_t bytes;
    std::uint16_t part;
    std::uint16_t parts;
};
static_assert(sizeof(FrameHead) == 24);

inline constexpr std::size_t kMaxPayloadBytes = kMaxFrameBytes - sizeof(FrameHead);
inline constexpr std::size_t kMaxParts = (kMaxMessageBytes + kMaxPayloadBytes - 1) / kMaxPayloadBytes;

/// One kernel message taken apart; `payload` points into what it was parsed from.
struct Frame {
    FrameHead head{};
    std::span<std::byte const> payload;
};

/// Checks all that one frame can say by itself. Errors: invalid: too short, parts or sizes that can't be.
Result<Frame> parse_frame(std::span<std::byte const> message);

/// A message cut into frames, which are made one at a time into a buffer of the caller's.
class Fragments {
public:
    /// Errors: too_large: more than kMaxMessageBytes.
    static Result<Fragments> cut(std::uint64_t session_id, std::uint64_t number, std::string message);

    std::size_t parts() const noexcept { return head_.parts; }
    std::uint64_t session_id() const noexcept { return head_.session_id; }
    std::uint64_t number() const noexcept { return head_.number; }
    /// Writes frame `part` into `into` (kMaxFrameBytes are always enough). Returns: the part of `into` that was used.
    std::span<std::byte const> frame(std::size_t part, std::span<std::byte> into) const;

private:
    Fragments(FrameHead head, std::string message) : head_(head), message_(std::move(message)) {}
    FrameHead head_;
    std::string message_;
};

}  // namespace bus::wire
