// Tables checked once, entries copied whole, look-ups by scan.
#include "shm/directory.hpp"

#include <sched.h>

#include <string>

#include "shm/memory.hpp"
#include "sys/clock.hpp"

namespace bus::shm {

namespace {

constexpr int kSpins = 200;
constexpr auto kPatience = std::chrono::milliseconds(50);  // busd holds an entry for less than a microsecond, unless it is preempted

/// One try: a copy between two equal, even versions. Partner: store_entry in directory_writer.cpp.
bool try_copy(std::byte const* from, std::byte* to, std::size_t bytes) noexcept {
    auto const& version = reinterpret_cast<EntryHead const*>(from)->version;
    std::uint32_t const before = version.load(std::memory_order_acquire);
    if (before % 2 != 0) return false;
    for (std::size_t at = 0; at < bytes; at += 8) {
        std::uint64_t const word = load_word(from + at);
        std::memcpy(to + at, &word, 8);
    }
    DefaultMemory::acquire_fence();
    if (version.load(std::memory_order_relaxed) != before) return false;
    std::memcpy(to + offsetof(EntryHead, version), &before, sizeof before);
    return true;
}

template <class E, class Matches>
std::optional<std::uint32_t> find_entry(DirectoryView const& directory, Matches&& matches) {
    std::optional<std::uint32_t> found;
    directory.each<E>([&](std::uint32_t index, Snapshot<E> const& entry) {
        if (matches(*entry)) found = index;
        return !found;
    });
    return found;
}

}  // namespace

Result<DirectoryView> DirectoryView::open(std::span<std::byte const> segment) {
    if (segment.size() < sizeof(DirectoryHead)) return Error(Errc::invalid, "the directory segment is shorter than its head");
    DirectoryView view;
    view.bytes_ = segment.data();
    view.head_ = reinterpret_cast<DirectoryHead const*>(segment.data());
    constexpr std::size_t kEntryBytes[kTables] = {sizeof(UserEntry),         sizeof(SessionEntry), sizeof(TopicEntry), sizeof(RingEntry),
                                                  sizeof(SubscriptionEntry), sizeof(MemberEntry),  sizeof(SchemaEntry)};
    for (std::size_t i = 0; i < kTables; ++i) {
        Table const& table = (&view.head_->users)[i];
        Limits const limits{table.offset, table.capacity};
        std::size_t const entry_bytes = kEntryBytes[i];
        bool const fits = table.entry_bytes == entry_bytes && limits.offset % 8 == 0 && limits.offset >= sizeof(DirectoryHead) &&
                          limits.offset <= segment.size() && limits.capacity <= (segment.size() - limits.offset) / entry_bytes;
        if (!fits)
            return Error(Errc::invalid, "table " + std::to_string(i) + " of the directory (offset " + std::to_string(limits.offset) + ", " +
                                            std::to_string(limits.capacity) + " entries of " + std::to_string(table.entry_bytes) +
                                            " bytes) does not fit: entries have " + std::to_string(entry_bytes) + " bytes, the segment " +
                                            std::to_string(segment.size()));
        view.limits_[i] = limits;
    }
    return view;
}

bool DirectoryView::copy_entry(std::byte const* from, std::byte* to, std::size_t bytes) noexcept {
    for (int spin = 0; spin < kSpins; ++spin) {
        if (try_copy(from, to, bytes)) return true;
        cpu_relax();
    }
    sys::Deadline const deadline = sys::deadline_after(kPatience);
    do {
        ::sched_yield();
        if (try_copy(from, to, bytes)) return true;
    } while (!sys::has_passed(deadline));
    return false;
}

Error DirectoryView::beyond(std::string_view table, std::uint32_t index) {
    return {Errc::not_found, "there is no entry " + std::to_string(index) + " in the directory's table of " + std::string(table)};
}

Error DirectoryView::torn(std::string_view table, std::uint32_t index) {
    return {Errc::no_broker,
            "entry " + std::to_string(index) + " in the directory's table of " + std::string(table) +
                " is half written: busd died, or is stopped, while it changed it",
            "start busd again: it mends the directory"};
}

std::optional<std::uint32_t> DirectoryView::find_user(std::uint32_t uid) const {
    return find_entry<UserEntry>(*this, [&](UserEntry const& user) { return user.uid == uid; });
}

std::optional<std::uint32_t> DirectoryView::find_session(std::uint64_t session_id) const {
    return find_entry<SessionEntry>(*this, [&](SessionEntry const& session) { return session.session_id == session_id; });
}

std::optional<std::uint32_t> DirectoryView::find_topic(std::string_view name) const {
    return find_entry<TopicEntry>(*this, [&](TopicEntry const& topic) { return text(topic.name) == name; });
}

std::optional<std::uint32_t> DirectoryView::find_ring(std::uint64_t ring_id) const {
    return find_entry<RingEntry>(*this, [&](RingEntry const& ring) { return ring.ring_id == ring_id; });
}

}  // namespace bus::shm
