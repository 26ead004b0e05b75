// SIGINT and SIGTERM as something that can be waited for. A second SIGINT ends the program at once.
#pragma once

#include <vector>

namespace bus {
class Connection;
}

namespace bus::tool {

/// Catches SIGINT and SIGTERM, ignores SIGPIPE. Call once, before the first wait.
void catch_interrupts();
/// In a child, before it becomes another program: the signals as we found them.
void leave_interrupts() noexcept;
bool interrupted() noexcept;
/// From now on signals are a child's, SIGHUP and SIGQUIT too: a second SIGINT does not end us.
void catch_all_for_child() noexcept;
/// Those that came since the last call.
std::vector<int> take_signals();
/// Readable once interrupted() is true.
int interrupt_fd() noexcept;
/// Sleeps until interrupted() is true.
void wait_for_interrupt() noexcept;

/// While it lives, an interrupt also ends the waits of this connection, with `cancelled`.
class InterruptsConnection {
public:
    explicit InterruptsConnection(Connection& connection) noexcept;
    ~InterruptsConnection();
    InterruptsConnection(InterruptsConnection const&) = delete;
    InterruptsConnection& operator=(InterruptsConnection const&) = delete;
};

}  // namespace bus::tool
