// What can be chosen for publishers and subscribers. Aggregates: each field has a default, new ones are added at the end.
#pragma once

#include <bus/schema.hpp>
#include <bus/time.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace bus {

using PublisherId = std::uint64_t;  // never used twice on a bus; 0 is none

/// What a publisher does where a reliable subscriber is a whole ring behind. drop: gives up the newest; its number is used up and counted.
enum class WhenFull { wait, refuse, drop };

/// precise: each message says when it was committed, to well below a microsecond. coarse: to some milliseconds, cheaper. none: not at all.
enum class Stamp { precise, coarse, none };

struct PublisherOptions {
    std::size_t ring_bytes = 1 << 20;  // rounded up to a power of two, at least 4096, retained 8192; the largest message is a quarter of it
    std::size_t history = 0;           // messages a late subscriber may ask for; 0: what the ring happens to hold
    bool retain = false;               // for those who come later, also after we have gone: the topic's last `history` messages in all
    WhenFull when_full = WhenFull::wait;
    Duration wait_for = std::chrono::seconds(5);  // longest wait of one publish; then Errc::timeout, nothing written
    Stamp stamp = Stamp::precise;
    std::optional<Schema> schema = {};  // for Publisher<Any> only
    bool huge_pages = false;    // for rings of many MiB: huge pages, where the kernel has some set aside (vm.nr_hugepages), else ordinary
    Duration evict_after = {};  // a reliable subscriber that holds us up so long without moving on is waited for no more; 0: never
};

/// Who sent a message first, where it came over a bridge or out of a file.
struct Origin {
    PublisherId publisher = 0;
    std::uint64_t sequence = 0;
    SentTime sent = {};
    std::string host = {};
};

struct PublishOptions {
    std::optional<Origin> origin = {};  // bridges and players: who sent it first
};

using Position = std::map<PublisherId, std::uint64_t>;  // last sequence seen of each publisher

struct SubscriberOptions {
    bool reliable = false;
    std::size_t history = 0;            // of each publisher, at most; those of before the subscription. Retained: of all; 0: all of them
    std::uint64_t start_sequence = 0;   // where the topic has one publisher; else use `start`
    Position start = {};                // go on after what sub.position() said
    std::optional<Duration> spin = {};  // before a receive sleeps; unset: adaptive, 50 us at most; 0: never
    bool observe = false;               // best-effort, and shown as an observer: for tools and monitors. With reliable: invalid
};

/// Messages of one publisher that one subscriber did not get, and why.
struct Loss {
    std::string topic;
    PublisherId publisher;
    std::uint64_t count;
    std::string why;
};

}  // namespace bus
