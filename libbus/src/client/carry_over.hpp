// What a publisher keeps for subscribers that come later (PublisherOptions::history, retain), taken along from the ring of a bus that was
// removed into its ring on the next one: the last half of the ring at most, so that it can go on before its reliable readers are there.
// Readers that had it skip it: the numbers there go on with those of before (shm::Lineage).
#pragma once

#include <bus/options.hpp>
#include <cstdint>

#include "shm/ring_writer.hpp"

namespace bus::client {

/// Threads: one at a time (the publisher's lock). `from` is written by nobody until this has gone.
class CarryOver {
public:
    /// Nothing.
    CarryOver() = default;
    CarryOver(shm::RingWriter<> const& from, PublisherOptions const& options);

    /// How many of the last numbers of `from` are taken along: messages, and those that were given up between them.
    std::uint64_t numbers() const noexcept { return numbers_; }
    /// Into a ring as large as the other one in which nothing was written yet. What has no number there in the end is given up.
    /// Crash: those who look on see nothing, or all up to a message that was given up.
    void write_into(shm::RingWriter<>& to) const;

private:
    shm::RingView from_;
    shm::RingPlace first_;
    std::uint64_t numbers_ = 0;
};

}  // namespace bus::client
