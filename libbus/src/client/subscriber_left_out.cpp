// Topics under a typed pattern that carry something else: left out, and told as an event.
//
// busd connects a subscription only with what it can read, and rings us when it left a ring out. What it was and why we see in the
// directory ourselves, each time that has changed, and only where somebody wants events.
#include <algorithm>
#include <bus/name.hpp>
#include <unordered_set>

#include "client/subscriber_state.hpp"
#include "client/topic_requests.hpp"
#include "client/type_source.hpp"
#include "shm/chains.hpp"

namespace bus::client {

namespace {

using Change = SchemaDifference::Change;

constexpr Duration kLookApart = std::chrono::milliseconds(50);  // it reads all topics, and thousands may come in a row

std::string shown(std::string_view type) { return type.empty() ? std::string("bytes") : std::string(type); }

Error left_out(std::string_view topic, std::string_view pattern, SchemaDifference difference) {
    return {"topic " + std::string(topic) + " is left out of " + std::string(pattern) + ":", std::move(difference),
            "bus topic info " + std::string(topic)};
}

}  // namespace

void SubscriberState::tell_left_out() {
    using Kind = detail::PayloadType::Kind;
    if (type_.kind == Kind::any || type_.kind == Kind::bytes || !is_pattern(pattern_) || !connection_->loop.wants_events()) return;
    auto const& directory = core_->bus->directory();
    auto const epoch = directory.epoch();
    if (epoch == looked_for_left_out_ || !sys::has_passed(left_out_next_)) return;
    looked_for_left_out_ = epoch;
    left_out_next_ = sys::deadline_after(kLookApart);
    std::unordered_set<std::uint64_t> read;
    for (auto const& inlet : inlets_) read.insert(inlet->ring_id());
    std::set<std::uint64_t> still;
    for (std::uint32_t index = 0; index < directory.used<shm::TopicEntry>(); ++index) {
        auto const topic = directory.snapshot<shm::TopicEntry>(index);
        if (!topic || !topic->in_use() || (*topic)->first_ring.load(std::memory_order_relaxed) == shm::kNil) continue;
        bool const known = left_out_.contains((*topic)->topic_id);
        if (!known && !matches(pattern_, shm::text((*topic)->name))) continue;
        auto const why = known ? std::nullopt : why_left_out(index, **topic, read);
        if (why) connection_->loop.tell({.kind = Event::Kind::refused, .object = std::string(shm::text((*topic)->name)), .error = *why});
        if (known || why) still.insert((*topic)->topic_id);
    }
    left_out_ = std::move(still);
}

// By its name, or by the version of a ring that busd did not give us. Permission is no difference of types, and not told here.
std::optional<Error> SubscriberState::why_left_out(std::uint32_t index, shm::TopicEntry const& topic,
                                                   std::unordered_set<std::uint64_t> const& read) {
    auto const name = shm::text(topic.name), type = shm::text(topic.type);
    if (type != own_schema_.type())
        return left_out(name, pattern_,
                        {own_schema_.type(), shown(type), {{Change::Verdict::refused, "(the type)", own_schema_.type(), shown(type)}}});
    auto const rings = shm::rings_of_topic(core_->bus->directory(), index, topic.topic_id);
    if (!rings) return std::nullopt;
    for (auto const& link : rings->links) {
        if (read.contains(link.entry->ring_id) || link.entry->schema == shm::kNil) continue;
        auto const theirs = TypeSource(core_, std::string(type), link.entry->schema).schema();
        if (!theirs) continue;
        auto difference = own_schema_.difference(*theirs);
        auto const loses = [](Change const& change) { return change.verdict != Change::Verdict::readable; };
        if (std::ranges::any_of(difference.changes, loses)) return left_out(name, pattern_, std::move(difference));
    }
    return std::nullopt;
}

void SubscriberState::look_around() {
    Error why;
    if (is_closed()) return;
    if (has_to_come_back()) (void)come_back(sys::steady_now(), why);
    Locked const locked(lock_);
    if (core_->is_closed()) return;
    (void)refresh();
    tell_left_out();
}

}  // namespace bus::client
