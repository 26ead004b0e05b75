// First fit over a map of free extents.
#include "shm/arena_extents.hpp"

#include <algorithm>
#include <iterator>

#include "shm/ring_layout.hpp"

namespace bus::shm {

namespace {
bool is_place(std::uint64_t offset, std::uint64_t bytes) noexcept { return offset % kPage == 0 && bytes != 0; }
}  // namespace

ArenaExtents::ArenaExtents(std::uint64_t offset, std::uint64_t bytes) {
    begin_ = align_up(offset, kPage);
    end_ = std::max(begin_, (offset + bytes) / kPage * kPage);
    free_bytes_ = end_ - begin_;
    if (free_bytes_ != 0) free_.emplace(begin_, free_bytes_);
}

std::optional<std::uint64_t> ArenaExtents::allocate(std::uint64_t bytes) {
    if (bytes == 0 || bytes > free_bytes_) return std::nullopt;
    bytes = align_up(bytes, kPage);
    auto const found = std::find_if(free_.begin(), free_.end(), [&](auto const& extent) { return extent.second >= bytes; });
    if (found == free_.end()) return std::nullopt;
    std::uint64_t const offset = found->first;
    return take(offset, bytes) ? std::optional(offset) : std::nullopt;
}

bool ArenaExtents::take(std::uint64_t offset, std::uint64_t bytes) {
    if (!is_place(offset, bytes) || bytes > free_bytes_) return false;
    bytes = align_up(bytes, kPage);
    auto extent = free_.upper_bound(offset);
    if (extent == free_.begin()) return false;
    --extent;
    auto const [start, length] = *extent;
    if (offset - start > length || bytes > length - (offset - start)) return false;
    free_.erase(extent);
    if (offset != start) free_.emplace(start, offset - start);
    if (std::uint64_t const rest = length - (offset - start) - bytes; rest != 0) free_.emplace(offset + bytes, rest);
    free_bytes_ -= bytes;
    return true;
}

bool ArenaExtents::release(std::uint64_t offset, std::uint64_t bytes) {
    if (!is_place(offset, bytes) || offset < begin_ || offset > end_ || bytes > end_ - offset) return false;
    bytes = align_up(bytes, kPage);
    auto const next = free_.lower_bound(offset);
    if (next != free_.end() && next->first < offset + bytes) return false;
    auto const before = next == free_.begin() ? free_.end() : std::prev(next);
    if (before != free_.end() && before->first + before->second > offset) return false;
    free_bytes_ += bytes;
    if (next != free_.end() && next->first == offset + bytes) {
        bytes += next->second;
        free_.erase(next);
    }
    if (before != free_.end() && before->first + before->second == offset)
        before->second += bytes;
    else
        free_.emplace(offset, bytes);
    return true;
}

std::uint64_t ArenaExtents::largest() const noexcept {
    std::uint64_t most = 0;
    for (auto const& [offset, bytes] : free_) most = std::max(most, bytes);
    return most;
}

}  // namespace bus::shm
