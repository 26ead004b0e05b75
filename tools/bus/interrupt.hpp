// SIGINT and SIGTERM as something that can be waited for. A second SIGINT ends the program at once.
#pragma once

namespace bus {
class Connection;
}

namespace bus::tool {

/// Catches SIGINT and SIGTERM, ignores SIGPIPE. Call once, before the first wait.
void catch_interrupts();
bool interrupted() noexcept;
/// By SIGTERM.
bool terminated() noexcept;
/// From now on SIGINT is somebody else's, the child's that shares our terminal: a second one does not end us.
void leave_interrupts_to_child() noexcept;
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
