// Topics: names, what type they carry, which rings they have. Knows the directory, no process and no kernel object.
//
// A topic is there while it has a ring or somebody subscribed to its very name. Its type is settled by the first publisher, or the first
// typed subscriber by name; whoever comes second has to agree.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ids.hpp"
#include "shm/directory_writer.hpp"

namespace bus::broker {

/// A type as it came in a request: name empty: bytes; schema: the index of its stored descriptor set, kNil where it has none.
struct TopicType {
    std::string name;
    std::uint32_t schema = shm::kNil;
};

struct Topic {
    std::uint32_t index = 0;
    std::uint64_t id = 0;
    std::string name;
    TopicType type;
    std::vector<std::uint32_t> rings;  // in the order of the chain: the newest first
    std::uint32_t live_rings = 0;
    std::uint32_t typed_subscribers = 0;           // by name, with a type
    std::uint32_t named_subscribers = 0;           // by name, of any kind
    std::uint32_t subscribers = 0, observers = 0;  // patterns too

    /// Whether somebody relies on the type as it is.
    bool type_settled() const noexcept { return !rings.empty() || typed_subscribers > 0; }
    bool needed() const noexcept { return !rings.empty() || named_subscribers > 0; }
};

class TopicTable {
public:
    TopicTable(shm::DirectoryWriter& directory, Ids& ids) : directory_(directory), ids_(ids) {}

    Topic* find(std::string_view name);
    Topic& at(std::uint32_t index) { return *topics_.at(index); }
    /// The topic of that name, made where it is missing. Errors: limit: the table is full.
    Result<Topic*> find_or_create(std::string const& name);
    void set_type(Topic& topic, TopicType const& type);
    /// Puts the ring at the head of the topic's chain: the RingEntry must name the present head as its next.
    void link_ring(Topic& topic, std::uint32_t ring);
    void unlink_ring(Topic& topic, std::uint32_t ring);
    /// Writes the counts into the directory.
    void write_counts(Topic& topic);
    void add_lost(Topic& topic, std::uint64_t lost);
    /// Frees the entry where nobody needs the topic. Returns: whether it is gone.
    bool remove_unneeded(Topic& topic);

    Topic& adopt(std::uint32_t index, shm::TopicEntry const& entry);
    std::map<std::uint32_t, std::unique_ptr<Topic>>& all() noexcept { return topics_; }

private:
    shm::DirectoryWriter& directory_;
    Ids& ids_;
    std::map<std::uint32_t, std::unique_ptr<Topic>> topics_;  // by index
    std::unordered_map<std::string, std::uint32_t> by_name_;
};

/// Stores a name with its zero; it was checked to fit.
void store_name(char (&field)[shm::kNameBytes], std::string_view name);

}  // namespace bus::broker
