// busd's side of the directory: the only writer. Changes an entry under its version, finds free entries, raises epochs.
//
// Threads: one. Crash: a death inside change() leaves the version odd, each word of the entry old or new; readers get an error for that
// entry alone. The next busd finds it by is_torn(), decides what it is (own() reads it regardless) and calls change() or mend(). Order of a
// change to a chain: entries first, links after, the owner's epoch last. Unlink before an entry is freed.
#pragma once

#include <algorithm>
#include <bus/error.hpp>
#include <optional>
#include <span>
#include <tuple>

#include "shm/directory.hpp"

namespace bus::shm {

class DirectoryWriter {
public:
    DirectoryWriter() noexcept = default;
    /// Errors: as DirectoryView::open.
    static Result<DirectoryWriter> open(std::span<std::byte> segment);

    DirectoryView const& view() const noexcept { return view_; }
    DirectoryHead& head() noexcept { return *head_; }

    /// Calls edit(E&) on a private copy and stores the words that differ: those under the version first, with the version odd meanwhile,
    /// then the (live) ones, each by itself; of an entry that was free all of them under the version. So a change of links alone leaves
    /// the entry whole at every moment; a new entry is linked by a call of its own, last. `index` is within the table.
    template <DirectoryEntry E, class Edit>
    void change(std::uint32_t index, Edit&& edit) {
        Snapshot<E> const before = own<E>(index);
        Snapshot<E> after = before;
        edit(after.edit());
        store_entry(entry<E>(index), before.raw(), after.raw(), sizeof(E), live_words<E>());
    }

    /// Our own look at an entry, torn or not. No loop: nobody else writes.
    template <DirectoryEntry E>
    Snapshot<E> own(std::uint32_t index) const noexcept {
        Snapshot<E> copy;
        load_entry(entry<E>(index), copy.raw(), sizeof(E));
        return copy;
    }

    /// Whether a busd died while it changed this entry.
    template <DirectoryEntry E>
    bool is_torn(std::uint32_t index) const noexcept {
        return version(entry<E>(index)).load(std::memory_order_relaxed) % 2 != 0;
    }
    /// Makes a torn entry readable again, as it is.
    template <DirectoryEntry E>
    void mend(std::uint32_t index) noexcept {
        if (is_torn<E>(index)) version(entry<E>(index)).fetch_add(1, std::memory_order_release);
        may_be_free<E>(index);
    }
    /// All zero but its version and its epoch: free. `used` stays. An epoch never goes back: whoever looks at the entry still (a client
    /// whose session was ended under its hands) would take it for the one he knows.
    template <DirectoryEntry E>
    void free(std::uint32_t index) noexcept {
        Snapshot<E> const before = own<E>(index);
        Snapshot<E> empty;
        keep_epoch(*before, empty.edit());
        store_entry(entry<E>(index), before.raw(), empty.raw(), sizeof(E), 0);
        may_be_free<E>(index);
    }

    /// The lowest free entry from `from` on, which is at most `used`; raises `used` where it was never used. The caller fills it by
    /// change(), state included; until then it is free still. Errors: limit: the table is full, with its name and size.
    template <DirectoryEntry E>
    Result<std::uint32_t> find_free(std::uint32_t from = 0);

    /// After each change of the ring's member chain, the subscription's, the topic's.
    void raise_member_epoch(std::uint32_t ring) noexcept { raise(entry_of<RingEntry>(ring).member_epoch); }
    void raise_subscription_epoch(std::uint32_t subscription) noexcept { raise(entry_of<SubscriptionEntry>(subscription).epoch); }
    void raise_topic_epoch(std::uint32_t topic) noexcept { raise(entry_of<TopicEntry>(topic).epoch); }
    void raise_epoch() noexcept { raise(head_->epoch); }
    void raise_generation() noexcept { raise(head_->generation); }

private:
    template <DirectoryEntry E>
    static constexpr std::uint64_t live_words() noexcept;  // bit n: word n is live
    template <DirectoryEntry E>
    static void keep_epoch(E const& from, E& to) noexcept {
        if constexpr (std::same_as<E, RingEntry>)
            to.member_epoch = from.member_epoch.load(std::memory_order_relaxed);
        else if constexpr (std::same_as<E, SubscriptionEntry> || std::same_as<E, TopicEntry>)
            to.epoch = from.epoch.load(std::memory_order_relaxed);
    }
    template <DirectoryEntry E>
    std::byte* entry(std::uint32_t index) const noexcept {
        return reinterpret_cast<std::byte*>(const_cast<E*>(view_.live<E>(index)));  // ours is the writable mapping it points into
    }
    template <DirectoryEntry E>
    E& entry_of(std::uint32_t index) const noexcept {
        return *reinterpret_cast<E*>(entry<E>(index));
    }
    static std::atomic<std::uint32_t>& version(std::byte* entry) noexcept { return reinterpret_cast<EntryHead*>(entry)->version; }
    static void raise(std::atomic<std::uint64_t>& epoch) noexcept { epoch.fetch_add(1, std::memory_order_seq_cst); }
    static void load_entry(std::byte const* from, std::byte* to, std::size_t bytes) noexcept;
    static void store_entry(std::byte* to, std::byte const* before, std::byte const* after, std::size_t bytes,
                            std::uint64_t live_words) noexcept;
    static Error table_full(std::string_view table, std::uint32_t capacity);

    template <DirectoryEntry E>
    struct Low {  // below it no entry is free: thousands are not looked at for each new one
        std::uint32_t index;
    };
    template <DirectoryEntry E>
    void may_be_free(std::uint32_t index) noexcept {
        auto& low = std::get<Low<E>>(low_).index;
        low = std::min(low, index);
    }

    DirectoryHead* head_ = nullptr;
    DirectoryView view_;
    std::tuple<Low<UserEntry>, Low<SessionEntry>, Low<TopicEntry>, Low<RingEntry>, Low<SubscriptionEntry>, Low<MemberEntry>,
               Low<SchemaEntry>>
        low_{};
};

template <DirectoryEntry E>
constexpr std::uint64_t DirectoryWriter::live_words() noexcept {
    auto const bit = [](std::size_t offset) { return std::uint64_t{1} << offset / 8; };
    if constexpr (std::same_as<E, RingEntry>) return bit(offsetof(RingEntry, next_in_topic)) | bit(offsetof(RingEntry, member_epoch));
    if constexpr (std::same_as<E, SubscriptionEntry>)
        return bit(offsetof(SubscriptionEntry, first_member)) | bit(offsetof(SubscriptionEntry, epoch));
    if constexpr (std::same_as<E, TopicEntry>) return bit(offsetof(TopicEntry, first_ring)) | bit(offsetof(TopicEntry, epoch));
    if constexpr (std::same_as<E, MemberEntry>) return bit(offsetof(MemberEntry, next_in_ring));
    return 0;
}

template <DirectoryEntry E>
Result<std::uint32_t> DirectoryWriter::find_free(std::uint32_t from) {
    Table& table = head_->*TableOf<E>::table;
    std::uint32_t const used = view_.used<E>();
    auto const is_free = [&](std::uint32_t index) { return entry_of<E>(index).head.state == 0 && !is_torn<E>(index); };
    auto& low = std::get<Low<E>>(low_).index;
    while (low < used && !is_free(low)) ++low;
    for (auto index = std::max(low, from); index < used; ++index)
        if (is_free(index)) return index;
    if (used == view_.capacity<E>()) return table_full(TableOf<E>::name, used);
    table.used.store(used + 1, std::memory_order_release);
    return used;
}

}  // namespace bus::shm
