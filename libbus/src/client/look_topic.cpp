// One topic in detail: who publishes, who reads, how far behind.
#include <algorithm>
#include <bus/name.hpp>

#include "client/look.hpp"
#include "shm/ring_format.hpp"

namespace bus::client {

namespace {

bool has_left(shm::RingEntry const& ring) { return ring.head.state == static_cast<std::uint32_t>(shm::RingState::left); }

std::uint64_t distance(std::uint64_t ahead, std::uint64_t behind) { return ahead > behind ? ahead - behind : 0; }

std::string topic_name(Picture const& picture, std::uint32_t index) {
    auto const* const topic = picture.topic(index);
    return topic == nullptr ? std::string() : std::string(shm::text((*topic)->name));
}

/// The subscription's members in the rings of a topic, or in all.
std::vector<Place<shm::MemberEntry> const*> members_of(Picture const& picture, Place<shm::SubscriptionEntry> const& subscription,
                                                       std::optional<std::uint32_t> topic) {
    std::vector<Place<shm::MemberEntry> const*> members;
    auto const add = [&](auto const& some) {
        for (auto const* const member : some)
            if ((*member)->subscription == subscription.index && (*member)->subscription_id == subscription->subscription_id)
                members.push_back(member);
    };
    if (!topic) {
        add(picture.members_of_subscription(subscription.index));
        return members;
    }
    for (auto const* const ring : picture.rings_of_topic(*topic)) add(picture.members_of_ring(ring->index));
    return members;
}

ReaderKind kind_of(shm::ReaderKind kind) {
    switch (kind) {
        case shm::ReaderKind::reliable:
            return ReaderKind::reliable;
        case shm::ReaderKind::observer:
            return ReaderKind::observer;
        case shm::ReaderKind::best_effort:
            break;
    }
    return ReaderKind::best_effort;
}

}  // namespace

// A publisher that died waiting says so for ever: nobody is held up by then.
std::uint64_t Look::held_by(shm::RingEntry const& entry, shm::RingView const& view) const {
    auto const client = view.head->held_by.load(std::memory_order_relaxed);
    if (client == 0 || has_left(entry) || !peers_.lives({entry.session, entry.session_id})) return 0;
    return client;
}

PublisherInfo Look::publisher(Picture const& picture, shm::RingEntry const& entry) const {
    PublisherInfo info{.id = entry.ring_id, .client = entry.session_id, .topic = topic_name(picture, entry.topic)};
    if (auto const* const session = picture.session(entry.session_id)) info.identity = identity(*session->entry);
    if (entry.session_id == 0 && entry.kept == 0)  // of the bus's own topics
        info.identity = {
            .uid = entry.uid, .gid = entry.uid, .pid = has_left(entry) ? 0 : bus_.directory().head().broker_pid, .name = "busd"};
    info.left = has_left(entry);
    info.kept = entry.kept != 0;
    info.ring_bytes = entry.capacity;
    SegmentPtr keep;
    auto const view = ring(entry, keep);
    if (!view) return info;
    auto const& head = *view->head;
    info.sequence = head.sequence.load(std::memory_order_relaxed);
    info.bytes = shm::load_tail(*view);
    info.history = head.history;
    info.retain = head.retain != 0;
    info.when_full = head.when_full <= static_cast<std::uint32_t>(WhenFull::drop) ? static_cast<WhenFull>(head.when_full) : WhenFull::wait;
    info.dropped = head.dropped.load(std::memory_order_relaxed);
    info.waited = Duration(head.waited_ns.load(std::memory_order_relaxed));
    info.held_by = held_by(entry, *view);
    return info;
}

SubscriberInfo Look::subscriber(Picture const& picture, Place<shm::SubscriptionEntry> const& subscription,
                                std::optional<std::uint32_t> topic) const {
    SubscriberInfo info{.id = subscription->subscription_id, .client = subscription->session_id};
    if (auto const* const session = picture.session(info.client)) info.identity = identity(*session->entry);
    info.pattern = shm::text(subscription->pattern);
    info.kind = kind_of(subscription->kind);
    for (auto const* const place : members_of(picture, subscription, topic)) {
        auto const& member = *place;
        auto const* const of_ring = picture.ring_of(*member.entry);
        if (of_ring == nullptr) continue;
        auto const at = reader(*member.entry);
        SubscriberInfo::Progress progress{.publisher = member->ring_id, .attached = at.attached, .sequence = at.sequence, .lost = at.lost};
        progress.topic = topic_name(picture, (*of_ring)->topic);
        SegmentPtr keep;
        auto const view = ring(*of_ring->entry, keep);
        if (view) {
            progress.behind_bytes = distance(shm::load_tail(*view), at.position);
            // Who has not attached yet and was there first will get everything; who came later starts at the end.
            if (at.attached || member->joined_later == 0)
                progress.behind = distance(view->head->sequence.load(std::memory_order_relaxed), at.sequence);
            progress.holds_up = info.kind == ReaderKind::reliable && held_by(*of_ring->entry, *view) == info.client;
        }
        info.lost += progress.lost;
        info.progress.push_back(progress);
    }
    return info;
}

TopicDetail Look::detail(Picture const& picture, Place<shm::TopicEntry> const& topic) const {
    TopicDetail detail{.topic = summary(picture, topic)};
    for (auto const* const ring_entry : picture.rings_of_topic(topic.index))
        detail.publishers.push_back(publisher(picture, *ring_entry->entry));
    for (auto const& subscription : picture.subscriptions)
        if (matches(shm::text(subscription->pattern), detail.topic.name))
            detail.subscribers.push_back(subscriber(picture, subscription, topic.index));
    return detail;
}

Result<TopicDetail> Look::topic(std::string_view name) const {
    if (auto checked = check_name(name, Reserved::allow); !checked) return checked.error();
    Picture const picture(bus_.directory());
    auto const topic = std::ranges::find_if(picture.topics, [&](auto const& one) { return shm::text(one->name) == name; });
    if (topic == picture.topics.end())
        return Error(Errc::not_found, "bus '" + bus_.name() + "' has no topic " + std::string(name), "see what there is: bus topic ls");
    return detail(picture, *topic);
}

Result<std::vector<TopicDetail>> Look::details(std::string_view pattern) const {
    if (auto checked = check_pattern(pattern); !checked) return checked.error();
    Picture const picture(bus_.directory());
    std::vector<TopicDetail> details;
    for (auto const& topic : picture.topics)
        if (matches(pattern, shm::text(topic->name))) details.push_back(detail(picture, topic));
    std::ranges::sort(details, {}, [](TopicDetail const& one) -> std::string const& { return one.topic.name; });
    return details;
}

}  // namespace bus::client
