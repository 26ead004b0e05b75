// Storing an entry so that a reader gets all of it or knows that it did not.
#include "shm/directory_writer.hpp"

#include <string>

#include "shm/memory.hpp"

namespace bus::shm {

Result<DirectoryWriter> DirectoryWriter::open(std::span<std::byte> segment) {
    auto const view = DirectoryView::open(segment);
    if (!view) return view.error();
    DirectoryWriter writer;
    writer.view_ = *view;
    writer.head_ = reinterpret_cast<DirectoryHead*>(segment.data());
    return writer;
}

void DirectoryWriter::load_entry(std::byte const* from, std::byte* to, std::size_t bytes) noexcept {
    for (std::size_t at = 0; at < bytes; at += 8) {
        std::uint64_t const word = load_word(from + at);
        std::memcpy(to + at, &word, 8);
    }
}

// Odd version first, then a release fence, then the words that differ, then the even version by release (partner: try_copy in
// directory.cpp); then the live ones, each by release (partner: the walkers in chains.cpp). Word 0 holds version and state.
// An entry that was free has all of its words before its state: a live word may hold half of something that is not (a subscription's
// request), and whoever finds the entry in use follows its links.
void DirectoryWriter::store_entry(std::byte* to, std::byte const* before, std::byte const* after, std::size_t bytes,
                                  std::uint64_t live_words) noexcept {
    auto& head = *reinterpret_cast<EntryHead*>(to);
    auto const is_free = [](std::byte const* entry) {
        std::uint32_t state = 0;
        std::memcpy(&state, entry + offsetof(EntryHead, state), sizeof state);
        return state == 0;
    };
    if (is_free(before) && !is_free(after)) live_words = 0;
    auto const differs = [&](std::size_t at) { return std::memcmp(before + at, after + at, 8) != 0; };
    auto const is_live = [&](std::size_t at) { return at / 8 < 64 && (live_words >> at / 8 & 1) != 0; };
    auto const word = [&](std::size_t at) {
        std::uint64_t value = 0;
        std::memcpy(&value, after + at, 8);
        return value;
    };
    std::uint32_t const odd = head.version.load(std::memory_order_relaxed) | 1;
    bool changes = odd == head.version.load(std::memory_order_relaxed) || std::memcmp(before + 4, after + 4, 4) != 0;
    for (std::size_t at = 8; at < bytes && !changes; at += 8) changes = !is_live(at) && differs(at);
    if (changes) {
        head.version.store(odd, std::memory_order_relaxed);
        DefaultMemory::release_fence();
        for (std::size_t at = 8; at < bytes; at += 8)
            if (!is_live(at) && differs(at)) store_word(to + at, word(at));
        std::uint32_t state = 0;
        std::memcpy(&state, after + offsetof(EntryHead, state), sizeof state);
        __atomic_store_n(&head.state, state, __ATOMIC_RELEASE);
        head.version.store(odd + 1, std::memory_order_release);
    }
    for (std::size_t at = 8; at < bytes; at += 8)
        if (is_live(at) && differs(at)) reinterpret_cast<std::atomic<std::uint64_t>*>(to + at)->store(word(at), std::memory_order_release);
}

Error DirectoryWriter::table_full(std::string_view table, std::uint32_t capacity) {
    return {Errc::limit, "the directory's table of " + std::string(table) + " is full: " + std::to_string(capacity) + " entries",
            "remove what is not needed, or start busd with a larger directory"};
}

}  // namespace bus::shm
