// What every handle is: move-only, keeps what it stands for alive, and ends it when destroyed.
//
// A handle is one pointer to a state inside the library. Other things may hold that state too (a callback that runs just now, a loan), so
// the destructor says close(state): from then on nothing happens through it any more, and its memory goes with the last holder.
#pragma once

#include <memory>
#include <utility>

namespace bus::client {

class ConnectionState;  // shared by a Connection and all that it made
class PublisherState;   // behind a Publisher and its Loan
class SubscriberState;  // behind a Subscriber
class TimerState;       // behind a Timer
class ClientState;      // behind a Client; comes with services
class JobState;         // behind a Job; comes with queues

void close(ConnectionState& connection) noexcept;
void close(PublisherState& publisher) noexcept;
void close(SubscriberState& subscriber) noexcept;
void close(TimerState& timer) noexcept;
void close(ClientState& client) noexcept;  // these two are not there yet: a program that would have to call them doesn't link
void close(JobState& job) noexcept;

}  // namespace bus::client

namespace bus::detail {

/// Threads: as the derived class says; destroying and moving are for one thread alone.
template <class State>
class Handle {
public:
    Handle() = delete;
    explicit Handle(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
    Handle(Handle&&) noexcept = default;
    Handle& operator=(Handle&& other) noexcept {
        Handle old(std::move(other));
        state_.swap(old.state_);
        return *this;
    }
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;

protected:
    ~Handle() {
        if (state_) close(*state_);
    }
    std::shared_ptr<State> state_;  // null only after a move
};

}  // namespace bus::detail
