// Puts the frames of one sender together again. Holds at most kMaxMessageBytes, whatever arrives.
#pragma once

#include <optional>

#include "wire/frame.hpp"

namespace bus::wire {

class Reassembly {
public:
    /// Adds a frame. Returns: the whole message once its last part is there; none while parts are missing.
    /// Errors: invalid: out of order, or sizes that don't add up. What was collected is dropped; the next part 0 begins anew.
    Result<std::optional<std::string>> add(Frame const& frame);

    /// Bytes held for a message that is not whole yet.
    std::size_t held_bytes() const noexcept { return message_.size(); }
    void clear() noexcept;

private:
    Error refuse(std::string why);

    FrameHead head_{};  // of the last part; parts == 0: nothing is under way
    std::string message_;
};

}  // namespace bus::wire
