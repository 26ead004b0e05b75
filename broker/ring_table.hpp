// Rings, subscriptions, and who reads what: the entries and the chains between them. Knows the directory, no process, no kernel object.
//
// Chains grow at their head: the new entry names the present head as its next, then the owner names the new entry, then the owner's epoch
// is raised. They shrink by making the one in front name the next; the entry is freed after the epochs. If we die in between, the entry is
// there and in one chain only: adoption links every chain anew from the entries.
#pragma once

#include <array>
#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shm/directory_writer.hpp"

namespace bus::broker {

struct Ring {
    std::uint32_t index = 0;
    std::uint64_t id = 0;
    std::uint64_t session_id = 0;
    std::uint32_t session = 0;
    std::uint32_t topic = 0;
    std::uint32_t uid = 0;
    std::uint32_t request = 0;  // low half of the number of the request that made it
    shm::ObjectRef segment{-1, 0, {}};
    std::uint64_t offset = 0, capacity = 0;
    bool left = false;
    bool retain = false;
    bool kept = false;                      // busd's own: of publishers that are gone (history.hpp)
    std::array<std::uint64_t, 2> folded{};  // kept: the rings whose messages it has
    std::uint64_t final_tail = 0;           // left
    std::uint32_t schema = shm::kNil;       // its publisher's version of the type; one user of it
    std::vector<std::uint32_t> members;     // in the order of the chain
};

struct Subscription {
    std::uint32_t index = 0;
    std::uint64_t id = 0;
    std::uint64_t session_id = 0;
    std::uint32_t session = 0;
    std::uint32_t request = 0;
    shm::ReaderKind kind = shm::ReaderKind::best_effort;
    std::string pattern;
    std::string type;                    // empty: takes any
    std::uint32_t schema = shm::kNil;    // its version of the type; one user of it
    bool named = false;                  // the pattern is a plain name
    std::vector<std::uint32_t> members;  // in the order of the chain
};

struct Membership {
    std::uint32_t index = 0;
    std::uint32_t ring = 0;
    std::uint32_t subscription = 0;
    std::uint32_t cursor = 0;
};

class RingTable {
public:
    explicit RingTable(shm::DirectoryWriter& directory) : directory_(directory) {}

    Ring* find(std::uint64_t ring_id);
    Ring& at(std::uint32_t index) { return *rings_.at(index); }
    /// Fills a free entry, live or left, without members; `next_in_topic`: the present head of the topic's chain. Errors: limit.
    Result<Ring*> add(Ring ring, std::uint32_t next_in_topic);
    /// Its publisher is gone; the members read up to `final_tail`.
    void leave(Ring& ring, std::uint64_t final_tail);
    /// Frees the entry. It has no members and is in no topic's chain any more.
    void remove(Ring& ring);
    Ring& adopt(std::uint32_t index, shm::RingEntry const& entry);
    std::map<std::uint32_t, std::unique_ptr<Ring>>& all() noexcept { return rings_; }

private:
    shm::DirectoryWriter& directory_;
    std::map<std::uint32_t, std::unique_ptr<Ring>> rings_;       // by index
    std::unordered_map<std::uint64_t, std::uint32_t> index_of_;  // by id
};

class SubscriptionTable {
public:
    explicit SubscriptionTable(shm::DirectoryWriter& directory) : directory_(directory) {}

    Subscription* find(std::uint64_t subscription_id);
    Subscription& at(std::uint32_t index) { return *subscriptions_.at(index); }
    Result<Subscription*> add(Subscription subscription);
    void remove(Subscription& subscription);
    Subscription& adopt(std::uint32_t index, shm::SubscriptionEntry const& entry);
    std::map<std::uint32_t, std::unique_ptr<Subscription>>& all() noexcept { return subscriptions_; }

private:
    shm::DirectoryWriter& directory_;
    std::map<std::uint32_t, std::unique_ptr<Subscription>> subscriptions_;  // by index
    std::unordered_map<std::uint64_t, std::uint32_t> index_of_;             // by id
};

class MemberTable {
public:
    explicit MemberTable(shm::DirectoryWriter& directory) : directory_(directory) {}

    struct Start {
        std::uint64_t position = 0;
        bool joined_later = false;
    };
    Membership& at(std::uint32_t index) { return members_.at(index); }
    std::size_t available() const;
    /// Links a reader to a ring. Errors: limit: the table is full; nothing was changed.
    Result<std::uint32_t> add(Ring& ring, Subscription& subscription, std::uint32_t cursor, Start start);
    /// Unlinks it from both chains, raises both epochs, frees the entry.
    void remove(Ring& ring, Subscription& subscription, std::uint32_t member);
    /// The member of that subscription in that ring; kNil: none.
    std::uint32_t find(Ring const& ring, Subscription const& subscription) const;
    /// Takes an entry over and puts it at the head of both private chains; relink() writes the chains.
    void adopt(std::uint32_t index, shm::MemberEntry const& entry, Ring& ring, Subscription& subscription);
    /// Writes both kinds of chains as the private lists have them.
    void relink(Ring const& ring);
    void relink(Subscription const& subscription);

private:
    shm::DirectoryWriter& directory_;
    std::map<std::uint32_t, Membership> members_;  // by index
};

}  // namespace bus::broker
