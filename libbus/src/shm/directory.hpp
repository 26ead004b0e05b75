// The directory as everybody but busd sees it: read-only tables whose entries are copied whole or not at all.
//
// Threads: any. Trust: table offsets are checked when the view is made; an entry's strings are read through text().
// busd may have died in the middle of a change: then the entry's version stays odd, and snapshot() gives up after a bounded time.
#pragma once

#include <bus/error.hpp>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "shm/directory_layout.hpp"

namespace bus::shm {

template <class E>
concept DirectoryEntry =
    std::same_as<E, UserEntry> || std::same_as<E, SessionEntry> || std::same_as<E, TopicEntry> || std::same_as<E, RingEntry> ||
    std::same_as<E, SubscriptionEntry> || std::same_as<E, MemberEntry> || std::same_as<E, SchemaEntry>;

/// Which table of the head holds entries of type E, and what it is called in errors.
template <DirectoryEntry E>
struct TableOf;

#define BUS_TABLE(Entry, member)                                               \
    template <>                                                                \
    struct TableOf<Entry> {                                                    \
        static constexpr Table DirectoryHead::*table = &DirectoryHead::member; \
        static constexpr std::string_view name = #member;                      \
    }
BUS_TABLE(UserEntry, users);
BUS_TABLE(SessionEntry, sessions);
BUS_TABLE(TopicEntry, topics);
BUS_TABLE(RingEntry, rings);
BUS_TABLE(SubscriptionEntry, subscriptions);
BUS_TABLE(MemberEntry, members);
BUS_TABLE(SchemaEntry, schemas);
#undef BUS_TABLE

/// A private copy of an entry, all of one version.
template <DirectoryEntry E>
class Snapshot {
public:
    E const& operator*() const noexcept { return *reinterpret_cast<E const*>(bytes_); }
    E const* operator->() const noexcept { return reinterpret_cast<E const*>(bytes_); }
    E& edit() noexcept { return *reinterpret_cast<E*>(bytes_); }
    bool in_use() const noexcept { return (**this).head.state != 0; }
    std::byte* raw() noexcept { return bytes_; }
    std::byte const* raw() const noexcept { return bytes_; }

private:
    alignas(8) std::byte bytes_[sizeof(E)] = {};
};

/// A zero-terminated field, cut at its end where the zero is missing.
template <std::size_t N>
std::string_view text(char const (&field)[N]) noexcept {
    return {field, strnlen(field, N)};
}

class DirectoryView {
public:
    DirectoryView() noexcept = default;
    /// `segment` with its head checked already. Errors: invalid: a table reaches beyond the segment, or has entries of another size.
    static Result<DirectoryView> open(std::span<std::byte const> segment);

    DirectoryHead const& head() const noexcept { return *head_; }
    std::uint64_t generation() const noexcept { return head_->generation.load(std::memory_order_acquire); }
    std::uint64_t epoch() const noexcept { return head_->epoch.load(std::memory_order_acquire); }

    template <DirectoryEntry E>
    std::uint32_t capacity() const noexcept {
        return limits(TableOf<E>::table).capacity;
    }
    /// Entries at and above this were never used.
    template <DirectoryEntry E>
    std::uint32_t used() const noexcept {
        auto const used = (head_->*TableOf<E>::table).used.load(std::memory_order_acquire);
        return used < capacity<E>() ? used : capacity<E>();
    }
    /// The entry itself, for its (live) words only; null beyond the table.
    template <DirectoryEntry E>
    E const* live(std::uint32_t index) const noexcept {
        return index < capacity<E>() ? reinterpret_cast<E const*>(bytes_ + limits(TableOf<E>::table).offset) + index : nullptr;
    }

    /// A whole copy of an entry, free ones too.
    /// Errors: not_found: beyond the table; no_broker: busd died, or is stopped, in the middle of changing it.
    template <DirectoryEntry E>
    Result<Snapshot<E>> snapshot(std::uint32_t index) const {
        E const* const from = live<E>(index);
        if (from == nullptr) return beyond(TableOf<E>::name, index);
        Snapshot<E> copy;
        if (!copy_entry(reinterpret_cast<std::byte const*>(from), copy.raw(), sizeof(E))) return torn(TableOf<E>::name, index);
        return copy;
    }

    /// Calls visit(index, Snapshot<E> const&) for each entry in use until it returns false. Torn entries are left out and counted.
    /// Returns: how many were torn.
    template <DirectoryEntry E, class Visit>
    std::uint32_t each(Visit&& visit) const;

    std::optional<std::uint32_t> find_user(std::uint32_t uid) const;
    std::optional<std::uint32_t> find_session(std::uint64_t session_id) const;
    std::optional<std::uint32_t> find_topic(std::string_view name) const;
    std::optional<std::uint32_t> find_ring(std::uint64_t ring_id) const;

private:
    struct Limits {
        std::uint64_t offset = 0;
        std::uint32_t capacity = 0;
    };
    static constexpr std::size_t kTables = 7;

    Limits const& limits(Table DirectoryHead::*table) const noexcept { return limits_[&(head_->*table) - &head_->users]; }
    static bool copy_entry(std::byte const* from, std::byte* to, std::size_t bytes) noexcept;
    static Error beyond(std::string_view table, std::uint32_t index);
    static Error torn(std::string_view table, std::uint32_t index);

    std::byte const* bytes_ = nullptr;
    DirectoryHead const* head_ = nullptr;
    Limits limits_[kTables] = {};  // copied and checked once
};

template <DirectoryEntry E, class Visit>
std::uint32_t DirectoryView::each(Visit&& visit) const {
    std::uint32_t torn_entries = 0;
    std::uint32_t const end = used<E>();
    for (std::uint32_t index = 0; index < end; ++index) {
        auto const entry = snapshot<E>(index);
        if (!entry)
            ++torn_entries;
        else if (entry->in_use() && !visit(index, *entry))
            break;
    }
    return torn_entries;
}

}  // namespace bus::shm
