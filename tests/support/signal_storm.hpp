// A signal every few hundred microseconds: whatever waits gets EINTR again and again.
#pragma once

#include <signal.h>

#include <cstdint>

namespace bus::test {

/// SIGALRM with a handler that counts, without SA_RESTART, until destroyed. One at a time.
class SignalStorm {
public:
    SignalStorm();
    ~SignalStorm();
    SignalStorm(SignalStorm const&) = delete;
    SignalStorm& operator=(SignalStorm const&) = delete;
    /// Signals so far: a test that saw none has shown nothing.
    std::uint64_t count() const;

private:
    struct sigaction old_ {};
};

}  // namespace bus::test
