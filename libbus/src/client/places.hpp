// The sleeping places of one session: who may use which of its waiters, and how each is woken from inside the process.
//
// From outside a place is woken by its bell (semaphore, or the session's FIFO) by whoever sees its epoch odd. From inside (stop tokens,
// Connection::stop) by poke(): both ways at once, since the caller can't know how it sleeps. A poke too many costs one look.
// Place 0 belongs to the control requests, the last one to the descriptors (fifo_hub.hpp), the others to waiting threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "client/session.hpp"
#include "shm/sleepers.hpp"
#include "sys/event_fd.hpp"

namespace bus::client {

/// Threads: any.
class Places {
public:
    static constexpr unsigned kFirst = 1;
    static constexpr unsigned kDescriptors = shm::kWaitersPerSession - 1;

    Places(Session const& session, shm::OwnAttention attention) noexcept : session_(session), attention_(attention) {}
    Places(Places const&) = delete;
    Places& operator=(Places const&) = delete;
    ~Places();

    /// A free place for a thread; none where as many threads sleep already.
    std::optional<unsigned> acquire() noexcept;
    void release(unsigned place) noexcept;

    shm::Waiter& waiter(unsigned place) const noexcept { return *session_.cursors().waiter(place); }
    shm::Sleeper sleeper(unsigned place) const noexcept { return shm::Sleeper(waiter(place), attention_); }
    Session const& session() const noexcept { return session_; }

    /// The place's own descriptor, made at the first question: for sleeping on the FIFO, which others may drain.
    Result<sys::EventFd const*> event_of(unsigned place);

    /// Wakes whoever sleeps there. For signal handlers too.
    void poke(unsigned place) const noexcept;
    /// The same for all that sleep now.
    void poke_all() const noexcept;

private:
    Session const& session_;
    shm::OwnAttention attention_;
    std::atomic<std::uint32_t> used_{1U | 1U << kDescriptors};
    std::array<std::atomic<sys::EventFd*>, shm::kWaitersPerSession> events_{};
};

}  // namespace bus::client
