// What the run loop waits for and dispatches: a subscriber now, consumers and servers later.
#pragma once

#include "client/waiting.hpp"

namespace bus::client {

/// What may have an event to tell of the bus around it. Threads: any.
class Surrounded {
public:
    virtual ~Surrounded() = default;
    /// Looks whether others came or left, and tells it as events (RunLoop::tell). For where events are wanted.
    virtual void look_around() = 0;
};

/// Threads: any.
class Source : public Surrounded {
public:
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
