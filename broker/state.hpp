// All that a serving busd holds, in the order it is made: what stands below may use what stands above.
#pragma once

#include <set>

#include "arena_store.hpp"
#include "config.hpp"
#include "events.hpp"
#include "ids.hpp"
#include "object_store.hpp"
#include "ring_table.hpp"
#include "rules.hpp"
#include "schema_store.hpp"
#include "session_table.hpp"
#include "shm/directory_writer.hpp"
#include "sys/directory.hpp"
#include "sys/poller.hpp"
#include "topic_table.hpp"
#include "user_table.hpp"

namespace bus::broker {

/// The objects of the bus itself.
struct BusObjects {
    shm::ObjectRef directory{-1, 0, {}}, rendezvous{-1, 0, {}}, alive{-1, 0, {}};
    sys::SegmentMapping directory_mapping;
};

/// What busd did not do, and why: for the dump and the log.
struct Counters {
    std::uint64_t hellos = 0;
    std::uint64_t garbage = 0;      // on the rendezvous queue or a request queue: no message of the protocol
    std::uint64_t turned_away = 0;  // Hellos that got no lobby: too many strangers, or an unmapped uid
    std::uint64_t requests = 0;
    std::uint64_t repeated = 0;  // answered from the record
    std::uint64_t reaped = 0;    // sessions of the dead
};

struct State {
    State(sys::Directory& own_folder, Config read_config, ObjectStore store, BusObjects bus_objects, shm::DirectoryWriter writer,
          sys::Poller own_poller);
    State(State const&) = delete;
    State& operator=(State const&) = delete;

    sys::Directory& folder;
    Config config;
    Rules rules;
    ObjectStore objects;
    BusObjects bus;
    shm::DirectoryWriter directory;
    sys::Poller poller;
    Counters counters;
    std::set<key_t> bells_gone;  // removed by somebody, and said
    Ids ids;
    UserTable users;
    SessionTable sessions;
    SchemaStore schemas;
    TopicTable topics;
    ArenaStore arenas;
    RingTable rings;
    SubscriptionTable subscriptions;
    MemberTable members;
    Events events;

    std::string fifo_path(std::uint64_t session_id) const { return folder.path_of("fifo/" + fifo_name(session_id)); }
};

}  // namespace bus::broker
