// Arenas: made when a ring finds no room, removed when nobody can need them.
#include "arena_store.hpp"

#include "shm/open_segment.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

constexpr std::uint64_t kFirstExtent = shm::kPage;  // the first page holds the segment's head

bool same(sys::Ownership const& one, sys::Ownership const& other) {
    return one.uid == other.uid && one.gid == other.gid && one.mode == other.mode;
}

}  // namespace

Result<Arena*> ArenaStore::create(SegmentOrder const& order, bool single) {
    auto made = objects_.create_segment(order);
    if (!made) return made.error();
    auto arena = std::make_unique<Arena>();
    arena->ref = made->ref;
    arena->mapping = std::move(made->mapping);
    arena->extents = shm::ArenaExtents(kFirstExtent, order.bytes - kFirstExtent);
    arena->session_id = order.about;
    arena->access = order.access;
    arena->single = single;
    return (arenas_[made->ref.id] = std::move(arena)).get();
}

Result<RingPlacement> ArenaStore::carve(std::uint64_t session_id, sys::Ownership access, std::uint64_t capacity, std::string const& text,
                                        Pages pages) {
    std::uint64_t const extent = shm::ring_extent_bytes(capacity);
    SegmentOrder order{shm::ObjectKind::arena, shm::SegmentKind::arena, arena_bytes_, access, session_id, "arena of " + text};
    bool const single = extent > arena_bytes_ / 2 || pages == Pages::huge;
    if (single) {
        order.bytes = kFirstExtent + extent;
        order.text = "ring of " + text;
        order.huge_pages = pages == Pages::huge;
    } else {
        for (auto& [id, arena] : arenas_) {
            if (arena->session_id != session_id || arena->single || arena->orphan || arena->spoiled || !same(arena->access, access))
                continue;
            if (auto const offset = arena->extents.allocate(extent)) return RingPlacement{arena.get(), *offset};
        }
    }
    auto arena = create(order, single);
    if (!arena) return arena.error();
    auto const offset = (*arena)->extents.allocate(extent);
    return RingPlacement{*arena, *offset};
}

void ArenaStore::release(shm::ObjectRef const& segment, std::uint64_t offset, std::uint64_t capacity) {
    auto* const arena = find(segment);
    if (arena == nullptr) return;
    shm::unformat_ring(arena->mapping.writable_bytes(), offset);
    (void)arena->extents.release(offset, shm::ring_extent_bytes(capacity));
    remove_if_unused(*arena);
}

void ArenaStore::session_ended(std::uint64_t session_id) {
    for (auto next = arenas_.begin(); next != arenas_.end();) {
        auto& arena = *(next++)->second;
        if (arena.session_id != session_id) continue;
        arena.orphan = true;
        remove_if_unused(arena);
    }
}

void ArenaStore::remove_if_unused(Arena& arena) {
    if (!arena.extents.is_empty() || !(arena.orphan || arena.single || arena.session_id == 0)) return;
    objects_.remove(arena.ref);
    arenas_.erase(arena.ref.id);
}

void ArenaStore::remove_unused() {
    for (auto next = arenas_.begin(); next != arenas_.end();) remove_if_unused(*(next++)->second);
}

Arena* ArenaStore::find(shm::ObjectRef const& segment) {
    auto const found = arenas_.find(segment.id);
    return found == arenas_.end() || found->second->ref.key != segment.key ? nullptr : found->second.get();
}

std::uint64_t ArenaStore::tail(shm::ObjectRef const& segment, std::uint64_t offset, std::uint64_t ring_id) {
    auto* const arena = find(segment);
    if (arena == nullptr) return 0;
    auto const ring = shm::open_ring(arena->mapping.bytes(), offset, ring_id);
    return ring ? shm::load_tail(*ring) : 0;
}

void ArenaStore::retain_no_more(shm::ObjectRef const& segment, std::uint64_t offset) {
    if (auto* const arena = find(segment)) shm::retain_no_more(arena->mapping.writable_bytes(), offset);
}

Result<Arena*> ArenaStore::adopt(shm::ObjectRef const& segment, std::uint64_t session_id) {
    if (auto* const known = find(segment)) return known;
    auto checked = shm::open_segment(segment, shm::SegmentKind::arena, sys::effective_uid(), sys::Access::read_write, sys::steady_now());
    if (!checked) return checked.error();
    auto const bytes = checked->mapping.bytes().size();
    auto arena = std::make_unique<Arena>();
    arena->ref = segment;
    arena->extents = shm::ArenaExtents(kFirstExtent, bytes - kFirstExtent);
    arena->mapping = std::move(checked->mapping);
    arena->session_id = session_id;
    arena->access = {checked->permissions.owner_uid, checked->permissions.owner_gid, checked->permissions.mode};
    arena->single = bytes != arena_bytes_;
    return (arenas_[segment.id] = std::move(arena)).get();
}

}  // namespace bus::broker
