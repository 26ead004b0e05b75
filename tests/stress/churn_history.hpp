// What the processes of the churn campaign did, in memory that outlives them: each writes its own words, before and after each call, and
// a SIGKILL between any two of them loses nothing of it.
//
// A publisher says what it is about to publish (begun) and what it has published (committed: the call has returned). A subscriber has a
// cell for each publisher: what it came to when it subscribed, and what it got since. The checker (churn_checker.hpp) compares the two.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

namespace bus::test::churn {

/// Where a client stands. What stands there when it is dead is where it died.
enum class Phase : std::uint32_t { starting, outside, publishing, receiving, polling, leaving, ended };
char const* text_of(Phase phase);

enum class End : std::uint32_t { lives, killed, left };

/// One publisher, from its birth to ever after. Written by itself but for `plan` and `end`.
struct PublisherRecord {
    struct Plan {
        std::uint32_t topic = 0;
        std::uint32_t ring_bytes = 4096;
        std::uint32_t most_bytes = 0;
        bool drops = false;  // WhenFull::drop; else it waits, or asks again
        bool paced = true;   // naps between bursts, so that its readers sleep
        std::uint64_t seed = 0;
    };
    Plan plan;
    std::atomic<std::uint64_t> id;         // PublisherId; 0: it has no ring
    std::atomic<std::uint64_t> begun;      // the highest number that may be committed
    std::atomic<std::uint64_t> committed;  // the highest number whose call has returned
    std::atomic<std::uint64_t> dropped;    // numbers given up
    std::atomic<std::uint64_t> ended_at;   // the campaign's count of ends, from 1; 0: it lives
    std::atomic<End> end;
};

/// What one subscriber has of one publisher.
struct Cell {
    std::uint64_t reader = 0;            // the subscriber that the rest is of: cells are used again
    std::uint64_t committed_before = 0;  // before it subscribed: none of these may come
    std::uint64_t begun_at_join = 0;     // when it had subscribed: all after these must come
    std::uint64_t base = 0;              // the number before the first that it got or was told to have lost
    std::uint64_t last = 0;              // it got
    std::uint64_t received = 0;
    std::uint64_t lost = 0;     // the sum of lost_before
    std::uint64_t counted = 0;  // by losses(), when it left
    std::uint64_t dropped = 0;  // by the publisher, before the last message
    std::uint64_t torn = 0, disordered = 0, miscounted = 0;
    std::uint64_t wrong_at = 0;  // the first of these
    std::uint64_t open = 0;      // being written

    bool any() const { return received != 0; }
};

/// One message, as a subscriber got it.
struct Got {
    std::uint64_t sequence = 0;
    std::uint64_t lost_before = 0;
    bool whole = true;
    std::uint64_t dropped = 0;  // what the message says that its publisher had given up before it
};

/// Writes it down. `exact`: a reliable subscriber, which loses what was given up and nothing else.
void note(Cell& cell, Got const& got, bool exact);

/// One place for a client; one process after the other.
struct ClientRecord {
    std::atomic<Phase> phase;
    std::atomic<std::uint64_t> progress;  // calls that came to something
    std::atomic<bool> leave;              // said by the campaign
    std::atomic<bool> hears;              // SIGTERM asks it to leave; before that it would kill
    std::array<char, 512> trouble;        // what it found wrong, in words; the first
    void complain(std::string const& what);
};

struct ReaderRecord {
    struct Plan {
        std::uint64_t reader = 0;  // its number, never used twice
        std::uint32_t topics = 0;  // a bit each
        bool reliable = false;
        bool reads_slowly = false;
        enum class Style { sleep, poll, many, spin } style = Style::sleep;
    };
    Plan plan;
    std::atomic<std::uint64_t> joining_at;  // the campaign's count of ends when it was about to subscribe
    std::atomic<bool> joined;
    std::atomic<bool> drained;  // told to leave, it found nothing more
    std::uint64_t lost;         // lost(), when it left
    std::uint64_t received;
    std::uint64_t misplaced;  // messages of nobody we know, or of a topic it did not ask for
};

inline constexpr std::size_t kMaxPublishers = 24'000;
inline constexpr std::size_t kClients = 24;
inline constexpr std::size_t kTopics = 5;
std::string topic_name(std::uint32_t topic);

/// All of it: shared with every child that is forked later.
class History {
public:
    History();
    ~History();
    History(History const&) = delete;

    std::atomic<std::uint64_t>& ends() const { return memory_->ends; }
    std::atomic<std::uint64_t>& publisher_count() const { return memory_->publishers_used; }
    /// No publisher lives any more: who leaves now reads to the end.
    std::atomic<bool>& drains() const { return memory_->drains; }
    std::span<PublisherRecord> publishers() const { return memory_->publishers; }
    ClientRecord& client(std::size_t place) const { return memory_->clients.at(place); }
    ReaderRecord& reader(std::size_t place) const { return memory_->readers.at(place); }
    Cell& cell(std::size_t place, std::size_t publisher) const { return memory_->cells.at(place).at(publisher); }

private:
    struct Memory {
        std::atomic<std::uint64_t> ends, publishers_used;
        std::atomic<bool> drains;
        std::array<PublisherRecord, kMaxPublishers> publishers;
        std::array<ClientRecord, kClients> clients;
        std::array<ReaderRecord, kClients> readers;
        std::array<std::array<Cell, kMaxPublishers>, kClients> cells;
    };
    Memory* memory_;
};

}  // namespace bus::test::churn
