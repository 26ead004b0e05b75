// What the clients of the churn campaign share: being told to leave, and saying where they stand.
#pragma once

#include <bus/bus.hpp>

#include "churn_roles.hpp"

namespace bus::test::churn {

/// A connection that SIGTERM stops: its waits end, and the record says `leave`. One a process.
class Client {
public:
    /// From here on SIGTERM asks to leave, and kills nobody.
    static void expect_signal(ClientRecord& record);

    Client(Connection bus, ClientRecord& record);
    Client(Client const&) = delete;
    ~Client();

    Connection& bus() { return bus_; }
    bool shall_leave() const { return record_.leave.load(std::memory_order_relaxed); }
    /// Says where it stands.
    void enter(Phase phase) { record_.phase.store(phase, std::memory_order_release); }
    /// A call has returned; one that came to something counts.
    void come_out(bool progress = true) {
        enter(Phase::outside);
        if (progress) record_.progress.fetch_add(1, std::memory_order_release);
    }

private:
    Connection bus_;
    ClientRecord& record_;
};

/// Writes down what went wrong. Returns: the exit status.
int give_up(Place const& place, std::string const& what, Error const& why);

/// Lets the others run for a while.
void pause_us(std::uint64_t microseconds);

}  // namespace bus::test::churn
