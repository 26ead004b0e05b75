// Topics and the chains of their rings.
#include "topic_table.hpp"

#include <algorithm>
#include <cstring>

namespace bus::broker {

void store_name(char (&field)[shm::kNameBytes], std::string_view name) {
    std::memset(field, 0, sizeof field);
    std::memcpy(field, name.data(), std::min(name.size(), sizeof field - 1));
}

Topic* TopicTable::find(std::string_view name) {
    auto const found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : topics_.at(found->second).get();
}

Result<Topic*> TopicTable::find_or_create(std::string const& name) {
    if (auto* const topic = find(name)) return topic;
    auto const index = directory_.find_free<shm::TopicEntry>();
    if (!index) return index.error();
    auto topic = std::make_unique<Topic>();
    topic->index = *index;
    topic->id = ids_.next();
    topic->name = name;
    directory_.change<shm::TopicEntry>(*index, [&](shm::TopicEntry& entry) {
        entry.topic_id = topic->id;
        entry.first_ring = shm::kNil;
        entry.schema = shm::kNil;
        store_name(entry.name, name);
        entry.head.state = static_cast<std::uint32_t>(shm::TopicState::present);
    });
    by_name_[name] = *index;
    return (topics_[*index] = std::move(topic)).get();
}

void TopicTable::set_type(Topic& topic, TopicType const& type) {
    topic.type = type;
    directory_.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) {
        store_name(entry.type, type.name);
        entry.schema = type.schema;
    });
}

void TopicTable::link_ring(Topic& topic, std::uint32_t ring) {
    topic.rings.insert(topic.rings.begin(), ring);
    directory_.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) { entry.first_ring = ring; });
    directory_.raise_topic_epoch(topic.index);
}

void TopicTable::unlink_ring(Topic& topic, std::uint32_t ring) {
    auto const place = std::ranges::find(topic.rings, ring);
    if (place == topic.rings.end()) return;
    auto const next = place + 1 == topic.rings.end() ? shm::kNil : *(place + 1);
    if (place == topic.rings.begin()) {
        directory_.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) { entry.first_ring = next; });
    } else {
        directory_.change<shm::RingEntry>(*(place - 1), [&](shm::RingEntry& entry) { entry.next_in_topic = next; });
    }
    topic.rings.erase(place);
    directory_.raise_topic_epoch(topic.index);
}

void TopicTable::write_counts(Topic& topic) {
    directory_.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) {
        entry.publishers = topic.live_rings;
        entry.subscribers = topic.subscribers;
        entry.observers = topic.observers;
    });
}

void TopicTable::add_lost(Topic& topic, std::uint64_t lost) {
    if (lost == 0) return;
    directory_.change<shm::TopicEntry>(topic.index, [&](shm::TopicEntry& entry) { entry.lost += lost; });
}

bool TopicTable::remove_unneeded(Topic& topic) {
    if (topic.needed()) return false;
    directory_.free<shm::TopicEntry>(topic.index);
    by_name_.erase(topic.name);
    topics_.erase(topic.index);
    return true;
}

Topic& TopicTable::adopt(std::uint32_t index, shm::TopicEntry const& entry) {
    auto topic = std::make_unique<Topic>();
    topic->index = index;
    topic->id = entry.topic_id;
    topic->name = shm::text(entry.name);
    topic->type = {std::string(shm::text(entry.type)), entry.schema};
    by_name_[topic->name] = index;
    return *(topics_[index] = std::move(topic));
}

}  // namespace bus::broker
