// All who are woken through the session's one FIFO: descriptors handed to the user, and threads that listen to publishers of other uids.
//
// A byte in the FIFO says "somebody was rung", not who. So whoever takes bytes out pokes the event descriptor of everybody else, after
// taking: a listener is readable while the FIFO holds a byte or its own event is set, and clears both only before it looks at its rings.
// The worst is one wake-up too many.
//
// The descriptors share one place of the session's waiters, always asleep: arming it again gives it a new epoch, so that publishers ring
// again, and the union of the topics of all that were ever armed.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "client/places.hpp"
#include "sys/event_fd.hpp"
#include "sys/poller.hpp"

namespace bus::client {

/// Threads: any.
class FifoHub {
public:
    explicit FifoHub(Places& places) noexcept : places_(places) {}

    void add(sys::EventFd const& listener);
    void remove(sys::EventFd const& listener) noexcept;

    /// Takes out what was rung and pokes all listeners but `mine`.
    void drain(sys::EventFd const* mine) noexcept;
    /// From now on whoever publishes on one of `topics` rings the FIFO. Fences. The caller looks at its rings once more afterwards.
    void arm(std::uint64_t topics) noexcept;
    int fd() const noexcept { return places_.session().fifo().fd(); }

private:
    Places& places_;
    std::mutex mutex_;
    std::vector<sys::EventFd const*> listeners_;
    std::uint64_t topics_ = 0;
};

/// A descriptor for the user: an epoll set of our own over the FIFO and an event. It begins readable: nobody has looked yet.
class Watch {
public:
    static Result<std::unique_ptr<Watch>> create(FifoHub& hub);
    Watch(Watch const&) = delete;
    Watch& operator=(Watch const&) = delete;
    ~Watch() { hub_->remove(event_); }

    /// Listens to another session's FIFO from here on, and is readable. The descriptor stays. `other` outlives this, as the old one did,
    /// which is not used any more. Where the kernel has no watch to spare it stays readable, so that its user looks, until there is one.
    void move_to(FifoHub& other) noexcept;

    int fd() const noexcept { return poller_.fd(); }
    sys::Poller& poller() noexcept { return poller_; }
    /// Makes it readable until quiet().
    void poke() const noexcept { event_.poke(); }
    /// Makes it unreadable until one of `topics` is published on. The caller looks once more and pokes where there is something.
    void quiet(std::uint64_t topics) noexcept;

private:
    Watch(FifoHub& hub, sys::EventFd event, sys::Poller poller) noexcept
        : event_(std::move(event)), poller_(std::move(poller)), hub_(&hub) {}
    void listen() noexcept;

    sys::EventFd event_;
    sys::Poller poller_;
    std::mutex mutex_;  // move_to may come from another thread than quiet, which must not find its hub gone. The two below
    FifoHub* hub_;
    bool deaf_ = false;  // the FIFO is not in the set
};

}  // namespace bus::client
