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

// Word 0 holds version and state. Odd version first, then a release fence, then the words that differ, the state among them, then the even
// version by release. Partner: try_copy in directory.cpp.
void DirectoryWriter::store_entry(std::byte* to, std::byte const* from, std::size_t bytes, std::size_t live_offset) noexcept {
    auto& head = *reinterpret_cast<EntryHead*>(to);
    std::uint32_t const odd = head.version.load(std::memory_order_relaxed) | 1;
    std::uint32_t state = 0;
    std::memcpy(&state, from + offsetof(EntryHead, state), sizeof state);
    bool const keeps_live = __atomic_load_n(&head.state, __ATOMIC_RELAXED) != 0 && state != 0;
    head.version.store(odd, std::memory_order_relaxed);
    DefaultMemory::release_fence();
    for (std::size_t at = 8; at < bytes; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, from + at, 8);
        if ((at != live_offset || !keeps_live) && load_word(to + at) != word) store_word(to + at, word);
    }
    __atomic_store_n(&head.state, state, __ATOMIC_RELAXED);
    head.version.store(odd + 1, std::memory_order_release);
}

Error DirectoryWriter::table_full(std::string_view table, std::uint32_t capacity) {
    return {Errc::limit, "the directory's table of " + std::string(table) + " is full: " + std::to_string(capacity) + " entries",
            "remove what is not needed, or start busd with a larger directory"};
}

}  // namespace bus::shm
