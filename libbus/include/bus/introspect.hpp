// What is on a bus, as values: a snapshot of the directory and of what rings and cursors say of themselves. For tools, monitors and tests.
//
// Connection::topics() and the like give the short lists. The functions here know more and need no session: they read what everybody may
// read, and work on a bus whose busd has died too. Numbers of one snapshot were read one after the other, while the bus went on.
#pragma once

#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <bus/options.hpp>
#include <bus/schema.hpp>
#include <bus/time.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

struct TopicInfo {
    std::string name = {}, type = {};  // type: empty for bytes
    std::uint64_t publishers = 0, subscribers = 0, observers = 0;
    std::uint64_t lost = 0;                 // by all its subscribers, those that are gone too
    double rate = 0, bytes_per_second = 0;  // of the whole topic, over the last moments
    std::uint64_t messages = 0, bytes = 0;  // published by the publishers there are now; bytes with their heads
};

/// Who somebody is: attested by the kernel, but for the name.
struct Identity {
    std::uint32_t uid = 0, gid = 0;
    std::int32_t pid = 0;
    std::string name = {};
};

struct ClientInfo {
    std::uint64_t id = 0;  // of its session: never used twice on a bus
    Identity identity = {};
    std::uint64_t lost = 0;
    bool alive = true;  // false: dead, and not cleaned up yet
    SentTime since = {};
    std::uint64_t publishers = 0, subscribers = 0;
};

struct PublisherInfo {
    PublisherId id = 0;
    std::uint64_t client = 0;  // ClientInfo::id
    Identity identity = {};    // empty where it is gone
    bool left = false;         // gone; what it published is still being read, or retained
    bool kept = false;         // no publisher, but what a retained topic keeps of several that are gone: `sequence` messages
    std::uint64_t sequence = 0;
    std::uint64_t bytes = 0;  // ever published, with heads
    std::uint64_t ring_bytes = 0;
    std::uint64_t history = 0;
    bool retain = false;
    WhenFull when_full = WhenFull::wait;
    std::uint64_t dropped = 0;
    Duration waited = {};       // for reliable subscribers, in all
    std::uint64_t held_by = 0;  // client it waits for just now; 0: nobody, or it is gone
    std::string topic = {};
};

enum class ReaderKind { best_effort, reliable, observer };

struct SubscriberInfo {
    std::uint64_t id = 0;      // of the subscription
    std::uint64_t client = 0;  // ClientInfo::id
    Identity identity = {};
    std::string pattern = {};
    ReaderKind kind = ReaderKind::best_effort;
    struct Progress {  // by publisher
        PublisherId publisher = 0;
        bool attached = false;       // it has found the ring
        std::uint64_t sequence = 0;  // last message it has taken or given up
        std::uint64_t behind = 0;    // messages published and not taken yet
        std::uint64_t behind_bytes = 0;
        std::uint64_t lost = 0;
        bool holds_up = false;  // the publisher waits for this client just now: PublisherInfo::held_by
        std::string topic = {};
    };
    std::vector<Progress> progress = {};
    std::uint64_t lost = 0;  // in all
};

struct TopicDetail {
    TopicInfo topic = {};
    std::vector<PublisherInfo> publishers = {};
    std::vector<SubscriberInfo> subscribers = {};
};

struct ClientDetail {
    ClientInfo client = {};
    std::vector<PublisherInfo> publishers = {};
    std::vector<SubscriberInfo> subscribers = {};  // progress: on all topics of the pattern
};

/// How many messages of one publisher one subscriber did not get, and why. Or, with neither of them (0), all that was lost on a topic by
/// subscribers that are gone, or of publishers that are: more than the sum is not kept of those.
struct LossInfo {
    std::string topic = {};
    PublisherId publisher = 0;
    std::uint64_t subscription = 0;  // SubscriberInfo::id
    std::uint64_t client = 0;        // ClientInfo::id of the subscriber
    Identity identity = {};          // of the subscriber; empty where it is gone
    std::uint64_t count = 0;         // never 0
    std::string why = {};            // the texts of Loss::why
};

struct BusInfo {
    std::string bus = {}, folder = {};
    struct Broker {
        bool alive = false;
        std::int32_t pid = 0;
        std::uint32_t uid = 0;
        std::uint64_t generation = 0;
        SentTime since = {};  // start of this generation
        std::string version = {};
    } broker = {};
    std::uint64_t clients = 0, topics = 0, publishers = 0, subscribers = 0, observers = 0;
};

/// A kernel object of the bus, or a file of its runtime folder.
struct KernelObject {
    enum class Kind { segment, queue, semaphores, fifo } kind = Kind::segment;
    std::string
        use;  // "directory", "rendezvous", "alive", "lobby", "requests", "tokens", "bells", "attention", "cursors", "arena", "schemas"
    std::int32_t id = -1;  // as `ipcs` shows it; -1 for a FIFO
    std::int32_t key = 0;
    std::uint32_t uid = 0;  // owner
    std::uint32_t mode = 0;
    std::uint64_t bytes = 0;     // segment: size; queue: waiting
    std::uint64_t messages = 0;  // queue: waiting; set: semaphores; segment: processes that have it attached
    std::uint64_t client = 0;    // whose it is, 0: the bus's
    std::string path = {};       // FIFO
    bool exists = true;          // false: somebody removed it
};

/// All of these find the bus as Connection::open does and read. Errors: those of Connection::open that concern the finding: no_broker where
/// there is no such bus, conflict, not_permitted; besides: not_found (topic_detail, client_detail, find_schema), invalid (a malformed
/// pattern or name). Threads: any.
[[nodiscard]] Result<BusInfo> bus_info(ConnectionOptions const& options = {});
[[nodiscard]] Result<std::vector<TopicInfo>> list_topics(std::string_view pattern = "**", ConnectionOptions const& options = {});
[[nodiscard]] Result<std::vector<ClientInfo>> list_clients(ConnectionOptions const& options = {});
[[nodiscard]] Result<TopicDetail> topic_detail(std::string_view topic, ConnectionOptions const& options = {});
[[nodiscard]] Result<ClientDetail> client_detail(std::uint64_t client_id, ConnectionOptions const& options = {});
/// As Connection::schema. Errors: invalid: the bus has a broken one.
[[nodiscard]] Result<Schema> find_schema(std::string_view type_or_topic, ConnectionOptions const& options = {});
/// Of all topics of a pattern, by name, out of one look at the directory: cheaper than one by one, and nothing is counted twice.
[[nodiscard]] Result<std::vector<TopicDetail>> topic_details(std::string_view pattern = "**", ConnectionOptions const& options = {});
/// By topic it adds up to TopicInfo::lost. A subscriber counts while it reads: messages overwritten before its next look are not in it yet.
/// Not in it are those that did not parse (Subscriber::losses() has them), and the losses on topics that are gone.
///
/// Returns: by topic; within one by publisher and subscription, those that are gone last. Empty: nothing was lost.
[[nodiscard]] Result<std::vector<LossInfo>> list_losses(std::string_view pattern = "**", ConnectionOptions const& options = {});
[[nodiscard]] Result<std::vector<KernelObject>> kernel_objects(ConnectionOptions const& options = {});

/// A runtime folder as `bus doctor` sees it, whoever serves it.
struct FoundBus {
    std::string bus = {}, folder = {};
    enum class State { serving, dead, elsewhere, empty } state = State::empty;  // elsewhere: another IPC namespace, or another boot
    std::int32_t broker_pid = 0;
    std::uint32_t uid = 0;                   // owner of the folder
    std::vector<KernelObject> objects = {};  // those that exist
    std::vector<Identity> holders = {};      // clients that are alive: their session's token is held
};

/// Every bus in the folders where one could be found from here: $BUS_RUNTIME_DIR, else one's own and /run/bus.
[[nodiscard]] Result<std::vector<FoundBus>> find_buses(ConnectionOptions const& options = {});

/// Removes what a dead busd left: its objects and the files of its folder.
///
/// Returns: what was removed, one line each.
/// Errors:  conflict       a busd serves it, or a client still holds its session's token: all of them are named; nothing was removed
///          not_permitted  an object or the folder belongs to somebody else: named
[[nodiscard]] Result<std::vector<std::string>> remove_left_overs(FoundBus const& bus);

}  // namespace bus
