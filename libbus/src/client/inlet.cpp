// Attaching a ring, beginning in it, letting it go.
#include "client/inlet.hpp"

#include <algorithm>

#include "client/type_source.hpp"
#include "shm/ring_format.hpp"
#include "shm/ring_history.hpp"
#include "sys/barrier.hpp"

namespace bus::client {

namespace {

/// Where a reader begins that comes later than the ring, and what it expects there: what is missing before it counts as lost.
struct Beginning {
    shm::RingPlace place;
    std::uint64_t expected = 0;  // 0: what the place says
};

/// How many of the messages that were there before him somebody gets who comes later.
std::uint64_t late_messages(shm::RingView const& ring, SubscriberOptions const& options, std::optional<std::size_t> share) {
    if (share) return *share;
    bool const retained = ring.head->retain != 0;  // that is for who comes later, asked for or not
    if (options.history == 0 && !retained) return 0;
    auto const wanted = options.history == 0 ? SIZE_MAX : options.history;
    auto const kept = ring.head->history;
    return kept == 0 ? wanted : std::min<std::uint64_t>(wanted, kept);
}

shm::Lineage lineage_in(AttachedBus const& bus, shm::RingView const& ring) {
    auto lineage = shm::lineage_of(ring);
    if (lineage.id == 0) lineage.id = bus.lineage_from(ring.ring_id);
    return lineage;
}

Beginning beginning_of(shm::RingView const& ring, SubscriberOptions const& options, std::optional<std::size_t> share, bool all) {
    auto const resumed = options.start.find(ring.ring_id);
    auto const next = options.start_sequence != 0      ? options.start_sequence
                      : resumed != options.start.end() ? resumed->second + 1
                                                       : std::uint64_t{all ? 1U : 0U};
    if (next != 0) return {shm::place_of_sequence(ring, next), next};
    if (!options.start.empty()) return {shm::place_of_oldest(ring)};  // it came after what the position knew of
    auto const wanted = late_messages(ring, options, share);
    return {wanted == 0 ? shm::place_of_tail(ring) : shm::place_of_last(ring, wanted)};
}

}  // namespace

Result<std::unique_ptr<Inlet>> Inlet::attach(Core& core, shm::MemberEntry const& member, SubscriberOptions const& options,
                                             std::optional<std::size_t> share, std::shared_ptr<Core> keep, bool all) {
    auto const& directory = core.bus->directory();
    auto const ring = directory.snapshot<shm::RingEntry>(member.ring);
    if (!ring) return ring.error();
    if (!ring->in_use() || (*ring)->ring_id != member.ring_id) return Error(Errc::not_found, "the ring has gone");
    auto arena = core.segments.read((*ring)->segment, shm::SegmentKind::arena);
    if (!arena) return arena.error();
    auto const view = shm::open_ring((*arena)->bytes(), (*ring)->offset, member.ring_id);
    if (!view) return view.error();
    auto* const cursor = core.session.cursors().cursor(member.cursor);
    if (cursor == nullptr) return Error(Errc::invalid, "busd gave us cursor " + std::to_string(member.cursor) + ", which we don't have");
    std::unique_ptr<Inlet> inlet(new Inlet(core, member, **ring, std::move(*arena), *view, *cursor));
    if (keep) {
        auto identity = std::make_shared<RingIdentity>(*inlet->identity_);
        identity->type = std::make_shared<TypeSource>(std::move(keep), std::string(shm::type_of(*view)), (*ring)->schema);
        inlet->identity_ = std::move(identity);
    }
    inlet->begin(member, options, share, all);
    return inlet;
}

Inlet::Inlet(Core& core, shm::MemberEntry const& member, shm::RingEntry const& ring, SegmentPtr arena, shm::RingView view,
             shm::Cursor& cursor)
    : core_(core),
      arena_(std::move(arena)),
      cursor_(&cursor),
      reader_(view, member.kind, &cursor),
      kind_(member.kind),
      lineage_(lineage_in(*core.bus, view)),
      identity_(std::make_shared<RingIdentity>(RingIdentity{std::string(shm::topic_of(view)), view.ring_id, nullptr, nullptr})),
      ring_index_(member.ring),
      publisher_{ring.session, ring.session_id},
      uid_(ring.uid),
      bit_(shm::attention_bit(ring.topic)),
      own_session_(core.session.id()),
      left_(ring.head.state == static_cast<std::uint32_t>(shm::RingState::left)),
      kept_(ring.kept != 0) {}

Inlet::~Inlet() {
    if (core_.in_child()) return;
    if (held_ != nullptr) held_->close();  // first: who gives a sample back now would open the cursor again
    shm::close_cursor(*cursor_, ring_id());
}

// A ring that came later than we is ours from its first byte. Else a reliable reader joins as docs/models.md says (join_reliably pins
// itself, fences, looks at the limit); a best-effort one just begins. wait_for_subscribers may be waiting for our cursor: hence the bell.
void Inlet::begin(shm::MemberEntry const& member, SubscriberOptions const& options, std::optional<std::size_t> share, bool all) {
    auto const& ring = reader_.ring();
    Beginning from{{0, 1}};
    if (kept_ && (options.start_sequence != 0 || !options.start.empty() || all))
        from.place = shm::place_of_oldest(ring);  // the numbers are those of each message's own publisher: looked at one by one
    else if (member.joined_later != 0)
        from = beginning_of(ring, options, share, all);
    if (member.joined_later != 0 && kind_ == shm::ReaderKind::reliable)
        from.place = shm::join_reliably(ring, *cursor_, from.place);
    else
        shm::attach_cursor(*cursor_, ring.ring_id, from.place.position);
    bool const overwritten = from.expected != 0 && from.place.sequence > from.expected;
    if (overwritten) from.place.sequence = from.expected;
    reader_.start_at(from.place, overwritten);
    // What its publisher took along is older than the ring, and than many who were there before it.
    if (!all && from.place.position == 0 && from.expected == 0 && options.start.empty() && options.start_sequence == 0)
        reader_.pass_over(lineage_.carried - std::min(lineage_.carried, late_messages(ring, options, share)));
    // For those who look on: until its first message it is behind by what came since.
    if (!kept_ && from.place.sequence != 0) cursor_->sequence.store(from.place.sequence - 1, std::memory_order_relaxed);
    if (kind_ == shm::ReaderKind::reliable) {
        auto identity = std::make_shared<RingIdentity>(*identity_);
        identity->held = std::make_shared<HeldRoom>(*this, *cursor_, from.place.position, head(), own_session_);
        held_ = identity->held.get();
        identity_ = std::move(identity);
        reader_.leave_position();
    }
    if (!left_) {
        sys::full_fence();  // our cursor, then its sleep epoch; partner: shm::Sleeper::fall_asleep in wait_for_subscribers
        ring_publisher();
    }
}

bool Inlet::look_whether_it_left() {
    if (left_) return false;
    auto const entry = core_.bus->directory().snapshot<shm::RingEntry>(ring_index_);
    left_ = entry && ((*entry)->ring_id != ring_id() || !entry->in_use() ||
                      (*entry)->head.state == static_cast<std::uint32_t>(shm::RingState::left));
    return left_;
}

void Inlet::ring_publisher() {
    if (!bell_) {
        auto const entry = core_.peers.entry(publisher_);
        if (!entry) return;
        auto bell = Doorbell::open(core_, publisher_, (*entry)->uid);
        if (!bell) return;
        bell_.emplace(std::move(*bell));
    }
    bell_->ring(bit_);
}

}  // namespace bus::client
