// CreatePublisher, RemovePublisher.
//
// Order: topic, room in an arena, ring laid out, entry, chain, members; readers are rung before the answer. And if we die here? A topic
// without rings is freed by the scan of the next busd, room that no entry names is free, a ring whose maker was not answered is removed
// (its request number is above the session's last one) and made again when the request comes again.
#include <bus/name.hpp>

#include "bells.hpp"
#include "links.hpp"
#include "requests.hpp"
#include "topic_types.hpp"

namespace bus::broker {
namespace {

Result<std::uint64_t> checked_capacity(State& state, v1::CreatePublisher const& request) {
    auto const who = "publisher of " + request.topic();
    if (request.ring_bytes() == 0) return Error(Errc::invalid, who + ": a ring of 0 bytes", "set ring_bytes to 4096 or more");
    if (request.ring_bytes() > state.config.limits.ring_bytes) {
        return Error(Errc::too_large,
                     who + ": a ring of " + std::to_string(request.ring_bytes()) + " bytes; at most " +
                         std::to_string(state.config.limits.ring_bytes) + " are allowed",
                     "lower ring_bytes, or raise [limits] ring_bytes in busd.toml");
    }
    // The index entry of a block is written before the record it names is committed. Where there is one block, a publisher that dies in
    // between leaves a ring in which nothing can be found any more: those who come later need a second.
    auto const least = request.retain() ? 2 * shm::kBlock : shm::kMinRingBytes;
    return shm::ring_capacity(std::max<std::uint64_t>(request.ring_bytes(), least));
}

Result<void> check(State& state, Session& session, v1::CreatePublisher const& request) {
    if (auto checked = check_name(request.topic()); !checked) return checked;
    if (!state.rules.allows(session.user->subject, Verb::publish, request.topic())) {
        return not_permitted(state, session, Verb::publish, request.topic());
    }
    if (request.when_full() > 2) return Error(Errc::invalid, "publisher of " + request.topic() + ": unknown when_full");
    if (auto checked = check_type(request.type()); !checked) return checked;
    return check_publishers_type(state, state.topics.find(request.topic()), request.type());
}

std::vector<Subscription*> readers_of(State& state, RingOffer const& offer) {
    std::vector<Subscription*> readers;
    for (auto const& [index, subscription] : state.subscriptions.all()) {
        if (wants(state, *subscription, offer)) readers.push_back(subscription.get());
    }
    return readers;
}

// Whoever asked for such names and can't read what comes is told by its library: it wakes up and looks.
void ring_those_left_out(State& state, RingOffer const& offer) {
    for (auto const& [index, subscription] : state.subscriptions.all()) {
        if (subscription->named || !matches(subscription->pattern, offer.topic)) continue;
        if (can_read(state, *subscription, offer.type, offer.descriptor_set)) continue;
        if (auto const* const session = state.sessions.at(subscription->session)) ring_all(*session);
    }
}

Result<Ring*> make_ring(State& state, Session& session, Topic& topic, v1::CreatePublisher const& request, std::uint64_t number,
                        RingPlacement place, std::uint64_t capacity, std::uint32_t schema) {
    Ring ring;
    ring.id = state.ids.next();
    ring.session_id = session.id;
    ring.session = session.index;
    ring.topic = topic.index;
    ring.uid = session.user->uid;
    ring.request = static_cast<std::uint32_t>(number);
    ring.segment = place.arena->ref;
    ring.offset = place.offset;
    ring.capacity = capacity;
    ring.retain = request.retain();
    ring.schema = schema;
    shm::RingSpec const spec{.ring_id = ring.id,
                             .session_id = session.id,
                             .capacity = capacity,
                             .history = request.history(),
                             .retain = request.retain(),
                             .when_full = request.when_full(),
                             .topic = topic.name,
                             .type = request.type().name(),
                             .lineage = {request.lineage(), request.numbered_before(), request.carried()}};
    if (auto laid_out = shm::format_ring(place.arena->mapping.writable_bytes(), place.offset, spec); !laid_out) return laid_out.error();
    return state.rings.add(std::move(ring), topic.rings.empty() ? shm::kNil : topic.rings.front());
}

}  // namespace

Result<Made> create_publisher(State& state, Session& session, v1::CreatePublisher const& request, std::uint64_t number) {
    if (auto checked = check(state, session, request); !checked) return checked.error();
    auto const capacity = checked_capacity(state, request);
    if (!capacity) return capacity.error();
    auto const access = state.rules.ring_access(request.topic(), session.user->uid);
    auto const readers = readers_of(state, {request.topic(), request.type().name(), request.type().descriptor_set(), access});
    if (auto room = check_room(state, readers); !room) return room.error();

    auto const type = store_type(state, request.type());
    if (!type) return type.error();
    auto const place = state.arenas.carve(session.id, access, *capacity, session.name,
                                          request.huge_pages() ? ArenaStore::Pages::huge : ArenaStore::Pages::ordinary);
    if (!place) {
        state.schemas.release(type->schema);
        return place.error();
    }
    auto const give_up = [&](Error const& why) -> Result<Made> {
        state.schemas.release(type->schema);
        state.arenas.release(place->arena->ref, place->offset, *capacity);
        if (auto* const topic = state.topics.find(request.topic())) drop_topic_if_unneeded(state, *topic);
        return why;
    };
    auto const found = state.topics.find_or_create(request.topic());
    if (!found) return give_up(found.error());
    auto& topic = **found;
    auto const made = make_ring(state, session, topic, request, number, *place, *capacity, type->schema);
    if (!made) return give_up(made.error());
    auto& ring = **made;

    state.schemas.share(ring.schema);
    settle_type(state, topic, *type);
    state.topics.link_ring(topic, ring.index);
    ++topic.live_rings;
    session.rings.insert(ring.index);
    for (auto* const reader : readers) {
        // Room was checked: what fails here is left out as if it had no room, and the next look at the directory shows it.
        (void)connect(state, ring, *reader, {0, false});
    }
    recount(state, topic);
    state.directory.raise_epoch();
    for (auto const* const reader : readers) ring_all(*state.sessions.at(reader->session));
    ring_those_left_out(state, offer_of(state, ring));
    return Made{ring.index, ring.id};
}

Result<Made> remove_publisher(State& state, Session& session, v1::RemovePublisher const& request) {
    auto* const ring = state.rings.find(request.ring_id());
    if (ring == nullptr || ring->left) return Made{};  // a repeated post: done before
    if (ring->session_id != session.id) {
        return Error(Errc::not_permitted, "ring " + std::to_string(request.ring_id()) + " belongs to another session");
    }
    retire(state, *ring);
    return Made{};
}

}  // namespace bus::broker
