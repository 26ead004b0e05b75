// Which bytes of an arena are free: first fit, neighbours merged. busd's private bookkeeping; rebuilt from the directory at adoption.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "shm/segment_layout.hpp"

namespace bus::shm {

class ArenaExtents {
public:
    ArenaExtents() = default;
    /// All of [offset, offset + bytes) is free; both are made multiples of kPage, inwards.
    ArenaExtents(std::uint64_t offset, std::uint64_t bytes);

    /// The lowest place for so many bytes (rounded up to kPage); nothing: no room in one piece.
    std::optional<std::uint64_t> allocate(std::uint64_t bytes);
    /// Takes exactly this place. Returns: false, and nothing is changed, where part of it is taken or outside.
    bool take(std::uint64_t offset, std::uint64_t bytes);
    /// Gives back what allocate() or take() gave. Returns: false, and nothing is changed, where part of it is free already or outside.
    bool release(std::uint64_t offset, std::uint64_t bytes);

    std::uint64_t free_bytes() const noexcept { return free_bytes_; }
    std::uint64_t largest() const noexcept;
    bool is_empty() const noexcept { return free_bytes_ == end_ - begin_; }  // nothing allocated

private:
    std::uint64_t begin_ = 0, end_ = 0, free_bytes_ = 0;
    std::map<std::uint64_t, std::uint64_t> free_;  // offset -> bytes, never touching each other
};

}  // namespace bus::shm
