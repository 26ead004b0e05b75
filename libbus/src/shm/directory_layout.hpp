// Layout of the directory segment, version 1: all that the bus knows, written by busd alone (0644), read by everybody.
// Drawing and life cycle: docs/shared-memory.md#directory
//
// Behind the head lie tables of entries of one size each. An entry is changed under its own version word: odd while busd writes,
// even and different afterwards. A reader copies the entry word by word between two looks at the version and tries again a bounded
// number of times, so that a busd that died writing hangs nobody. Words marked (live) are atomics of their own, outside that rule, and fill
// whole 8-byte words.
// Entries are linked by index (kNil ends a chain); a chain is walked between two looks at the epoch of the entry that owns it, at most as
// many steps as the table has entries. Links are live, and an entry is whole before it is linked: a walker passes by an entry whose version
// stays odd, for nobody has been told of it yet. All chains can be rebuilt from the entries: a new busd does so.
#pragma once

#include "shm/ring_layout.hpp"

namespace bus::shm {

inline constexpr std::uint32_t kNil = 0xFFFF'FFFF;
inline constexpr std::size_t kClientNameBytes = 64;

struct EntryHead {  // first in each entry
    std::atomic<std::uint32_t> version;
    std::uint32_t state;  // 0: free; else the table's own enum
};

struct Table {
    std::uint64_t offset;  // from the segment's start
    std::uint32_t entry_bytes;
    std::uint32_t capacity;
    std::atomic<std::uint32_t> used;  // (live) all entries at and above this are free and were never used; only grows
    std::uint32_t reserved;
};

enum class UserState : std::uint32_t { free = 0, admitted = 1 };

struct UserEntry {  // what the sessions of one uid share
    EntryHead head;
    std::uint32_t uid;
    std::uint32_t reserved;
    ObjectRef lobby;      // queue, busd -> clients of this uid (owner: uid, 0600): offers by nonce, answers by session
    ObjectRef requests;   // queue, clients of this uid -> busd
    ObjectRef tokens;     // set (0644), one semaphore for each SessionEntry, by index; 1: nobody has it
    ObjectRef attention;  // segment
};

enum class SessionState : std::uint32_t { free = 0, offered = 1, live = 2, reaping = 3 };
/// Why busd ended it, for its client, which holds the slot by its token until it has seen it: who was fenced off comes back by itself.
enum class SessionEnd : std::uint32_t { none = 0, evicted = 1, fenced_off = 2 };

struct SessionEntry {
    EntryHead head;
    std::uint64_t session_id;  // never used twice on a bus
    Cookie cookie;             // told in the offer; the taker of the token compares it
    std::uint32_t user;        // index of the UserEntry
    std::uint32_t uid, gid;
    std::int32_t pid;         // as the kernel names the taker of the token, in busd's pid namespace
    std::uint64_t pid_start;  // start time in ticks, 0: unknown
    std::int64_t since_wall_ns;
    ObjectRef cursors;        // segment
    ObjectRef bells;          // set
    std::uint32_t bell_base;  // semaphore of waiter w: bell_base + w
    std::uint32_t subscriptions;
    std::uint64_t last_request;  // number of the last request carried out
    std::uint32_t last_status;   // its Errc
    std::uint32_t last_index;    // its result: index of the ring or subscription it made
    char name[kClientNameBytes];
    SessionEnd end;            // reaping
    std::uint32_t token_lost;  // 1: its token set was removed; in the set of now its token is 0 and nobody's
};

enum class TopicState : std::uint32_t { free = 0, present = 1 };

struct TopicEntry {
    EntryHead head;
    std::uint64_t topic_id;
    std::atomic<std::uint32_t> first_ring;  // (live) chain: RingEntry::next_in_topic
    std::uint32_t reserved;
    std::uint32_t publishers;  // live rings
    std::uint32_t subscribers, observers;
    std::uint32_t schema;              // index of the SchemaEntry, kNil: none
    std::uint64_t lost;                // by subscribers that are gone by now
    std::atomic<std::uint64_t> epoch;  // (live) raised after each change of the chain
    char name[kNameBytes];
    char type[kNameBytes];
};

enum class RingState : std::uint32_t { free = 0, live = 1, left = 2 };  // left: its publisher is gone, its members still read

struct RingEntry {
    EntryHead head;
    std::uint64_t ring_id;
    std::uint64_t session_id;  // of the publisher
    std::uint32_t session;     // index
    std::uint32_t topic;
    std::atomic<std::uint32_t> next_in_topic;  // (live)
    std::atomic<std::uint32_t> first_member;   // (live) chain: MemberEntry::next_in_ring
    std::uint32_t uid;
    std::uint32_t request;  // low half of the number of the request that made it: above the last one of its session: never answered
    ObjectRef segment;      // the arena it lies in
    std::uint64_t offset;   // of its RingHead in the arena
    std::uint64_t capacity;
    std::uint64_t final_tail;                 // left: what was committed at last
    std::atomic<std::uint64_t> member_epoch;  // (live) raised after each change of the chain; the publisher looks at it after each commit
    std::uint32_t schema;                     // index of the SchemaEntry of its publisher's version of the type, kNil: none
    std::uint32_t kept;                       // 1: no publisher's: what a retained topic keeps of those that are gone (KeptRecord)
    std::uint64_t folded[2];                  // kept: the rings whose messages it has; what is still there of them is to be freed
};

enum class ReaderKind : std::uint32_t { best_effort = 0, reliable = 1, observer = 2 };
enum class SubscriptionState : std::uint32_t { free = 0, present = 1 };

struct SubscriptionEntry {
    EntryHead head;
    std::uint64_t subscription_id;
    std::uint64_t session_id;
    std::uint32_t session;
    ReaderKind kind;
    std::atomic<std::uint32_t> first_member;  // (live) chain: MemberEntry::next_in_subscription
    std::uint32_t request;                    // as in RingEntry
    std::atomic<std::uint64_t> epoch;         // (live) raised after each change of the chain; the reader looks at it before it sleeps
    char pattern[kNameBytes];
    char type[kNameBytes];
    std::uint32_t schema;  // index of the SchemaEntry of its version of the type, kNil: none
    std::uint32_t reserved;
};

enum class MemberState : std::uint32_t { free = 0, present = 1 };

struct MemberEntry {  // one reader of one ring
    EntryHead head;
    std::uint32_t ring;
    std::uint32_t subscription;
    std::uint64_t ring_id;
    std::uint64_t subscription_id;
    std::uint64_t session_id;  // of the reader
    std::uint32_t session;
    std::uint32_t cursor;  // index in the reader's cursor segment
    ReaderKind kind;
    std::uint32_t joined_later;  // 1: the ring was there first; 0: the reader was, and gets everything from position 0
    std::uint64_t start;  // joined_later = 0: position it counts at until its cursor is attached; 1: the tail busd saw, for the tools
    std::atomic<std::uint32_t> next_in_ring;          // (live)
    std::atomic<std::uint32_t> next_in_subscription;  // (live)
};

enum class SchemaState : std::uint32_t { free = 0, present = 1 };

struct SchemaEntry {  // a google.protobuf.FileDescriptorSet, stored once
    EntryHead head;
    std::uint64_t hash;
    ObjectRef segment;
    std::uint64_t offset;
    std::uint64_t bytes;
};

inline constexpr std::int32_t kReplacedBus = -1;  // somebody removed its objects: clients go over to the bus that comes in its place

struct DirectoryHead {
    SegmentHead head;
    char bus_name[72];
    char broker_version[24];
    std::int32_t broker_pid;  // of the one that serves, or served last; 0: it ended the bus in order; kReplacedBus: another one comes
    std::uint32_t broker_uid;
    std::int64_t since_wall_ns;             // start of this generation
    std::atomic<std::uint64_t> generation;  // (live) raised by each busd that takes over
    std::atomic<std::uint64_t> epoch;       // (live) raised after each change of anything
    std::uint64_t ipc_namespace;
    ObjectRef moved_to;    // id != 0: an upgrade laid a new directory there
    ObjectRef rendezvous;  // queue (0622)
    ObjectRef alive;       // set: semaphore 0 is above zero while a busd lives
    Table users, sessions, topics, rings, subscriptions, members, schemas;
};

}  // namespace bus::shm
