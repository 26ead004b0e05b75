// What the run loop waits for and dispatches: a subscriber now, consumers and servers later.
#pragma once

#include "client/waiting.hpp"

namespace bus::client {

/// Threads: any.
class Source {
public:
    virtual ~Source() = default;
    /// Whether dispatch() has something to do with it at all: a callback is set.
    virtual bool has_callback() const noexcept = 0;
    /// Whether something is there to take.
    virtual bool is_ready() = 0;
    virtual Wish wish() = 0;
    virtual bool is_unfenced() = 0;
    /// Takes one thing and runs the callback with it. Returns: whether there was one. What the callback throws goes through.
    virtual bool run_one() = 0;
};

}  // namespace bus::client
