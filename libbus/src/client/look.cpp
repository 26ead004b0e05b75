// The short lists: status, topics, clients, schemas.
#include "client/look.hpp"

#include <algorithm>
#include <bus/name.hpp>

#include "client/ring_rate.hpp"
#include "shm/ring_format.hpp"
#include "sys/clock.hpp"

namespace bus::client {

namespace {

SentTime wall(std::int64_t nanoseconds) { return SentTime(Duration(nanoseconds)); }

Error unknown(std::string const& what) { return Error(Errc::not_found, what, "see what there is: bus topic ls"); }

}  // namespace

BusInfo Look::info() const {
    auto const& head = bus_.head();
    BusInfo info{.bus = bus_.name(), .folder = bus_.folder()};
    info.broker = {.alive = bus_.broker_alive(),
                   .pid = head.broker_pid,
                   .uid = head.broker_uid,
                   .generation = bus_.generation(),
                   .since = wall(head.since_wall_ns),
                   .version = std::string(shm::text(head.broker_version))};
    Picture const picture(bus_.directory());
    info.clients = picture.sessions.size();
    // Of programs: what busd publishes itself is there only because somebody looks.
    info.topics = static_cast<std::uint64_t>(
        std::ranges::count_if(picture.topics, [](auto const& topic) { return !is_reserved(shm::text(topic->name)); }));
    info.publishers = static_cast<std::uint64_t>(std::ranges::count_if(picture.rings, [](auto const& ring) {
        return ring->session_id != 0 && ring->head.state == static_cast<std::uint32_t>(shm::RingState::live);
    }));
    for (auto const& subscription : picture.subscriptions)
        ++(subscription->kind == shm::ReaderKind::observer ? info.observers : info.subscribers);
    return info;
}

std::optional<shm::RingView> Look::ring(shm::RingEntry const& entry, SegmentPtr& keep) const {
    auto segment = segments_.read(entry.segment, shm::SegmentKind::arena);
    if (!segment) return std::nullopt;
    auto const view = shm::open_ring((*segment)->bytes(), entry.offset, entry.ring_id);
    if (!view) return std::nullopt;
    keep = std::move(*segment);
    return *view;
}

Look::Reader Look::reader(shm::MemberEntry const& member) const {
    Reader reader{.position = member.start};
    auto const segment = peers_.cursors({member.session, member.session_id});
    if (!segment) return reader;
    auto const cursors = shm::CursorsView::open((*segment)->bytes());
    auto const* const cursor = cursors ? cursors->cursor(member.cursor) : nullptr;
    if (cursor == nullptr) return reader;
    auto const position = shm::position_of(*cursor, member.ring_id);
    if (!position) return reader;
    return {true, *position, cursor->sequence.load(std::memory_order_relaxed), cursor->lost.load(std::memory_order_relaxed)};
}

TopicInfo Look::summary(Picture const& picture, Place<shm::TopicEntry> const& topic) const {
    TopicInfo info{.name = std::string(shm::text(topic->name)), .type = std::string(shm::text(topic->type))};
    info.publishers = topic->publishers;
    info.subscribers = topic->subscribers;
    info.observers = topic->observers;
    info.lost = topic->lost;
    auto const now = static_cast<std::uint64_t>(sys::clock_ns(CLOCK_MONOTONIC));
    for (auto const* const ring_entry : picture.rings_of_topic(topic.index)) {
        SegmentPtr keep;
        if (auto const view = ring(*ring_entry->entry, keep)) {
            info.messages += view->head->sequence.load(std::memory_order_relaxed);
            info.bytes += shm::load_tail(*view);
            auto const rate = rate_of(*view, now);
            info.rate += rate.messages;
            info.bytes_per_second += rate.bytes;
        }
        for (auto const* const member : picture.members_of_ring(ring_entry->index))
            if ((*member)->ring_id == (*ring_entry)->ring_id) info.lost += reader(*member->entry).lost;
    }
    return info;
}

Result<std::vector<TopicInfo>> Look::topics(std::string_view pattern) const {
    if (auto checked = check_pattern(pattern); !checked) return checked.error();
    Picture const picture(bus_.directory());
    std::vector<TopicInfo> topics;
    for (auto const& topic : picture.topics)
        if (matches(pattern, shm::text(topic->name))) topics.push_back(summary(picture, topic));
    std::ranges::sort(topics, {}, &TopicInfo::name);
    return topics;
}

Identity Look::identity(shm::SessionEntry const& session) const {
    return {.uid = session.uid, .gid = session.gid, .pid = session.pid, .name = std::string(shm::text(session.name))};
}

Result<Schema> Look::stored_schema(std::uint32_t index, std::string const& type) const {
    if (index == shm::kNil) return Schema::from(type, {});
    auto const entry = bus_.directory().snapshot<shm::SchemaEntry>(index);
    if (!entry) return entry.error();
    if (!entry->in_use()) return unknown("the schema of type " + type + " is not on the bus any more");
    auto const segment = segments_.read((*entry)->segment, shm::SegmentKind::schemas);
    if (!segment) return segment.error();
    auto const all = (*segment)->bytes();
    if ((*entry)->offset > all.size() || (*entry)->bytes > all.size() - (*entry)->offset)
        return Error(Errc::invalid, "the schema of type " + type + " reaches beyond its segment");
    return Schema::from(type, all.subspan((*entry)->offset, (*entry)->bytes));
}

Result<Schema> Look::schema(std::string_view type_or_topic) const {
    for (auto const& topic : all_of<shm::TopicEntry>(bus_.directory()))
        if (shm::text(topic->name) == type_or_topic) return stored_schema(topic->schema, std::string(shm::text(topic->type)));
    for (auto const& topic : all_of<shm::TopicEntry>(bus_.directory()))
        if (shm::text(topic->type) == type_or_topic && topic->schema != shm::kNil)
            return stored_schema(topic->schema, std::string(type_or_topic));
    return unknown("bus '" + bus_.name() + "' has no topic and no type " + std::string(type_or_topic));
}

}  // namespace bus::client
