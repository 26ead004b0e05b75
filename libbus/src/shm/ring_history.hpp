// The messages that a ring still holds, looked at without their bytes: which of several rings' messages are the last ones of a topic.
#pragma once

#include <vector>

#include "shm/ring_view.hpp"

namespace bus::shm {

/// One message, by its head alone.
struct Mark {
    std::uint64_t sequence = 0;
    std::uint64_t steady_ns = 0;  // 0: not stamped
    std::uint64_t bytes = 0;      // of its record, head included
};

/// More are not looked at: a ring of many GiB would take seconds, and as much memory for the marks.
inline constexpr std::uint64_t kMostMarks = std::uint64_t{1} << 20;

/// The last `at_most` messages of the ring (0: all it holds; kMostMarks in any case), oldest first. Of a ring that is being written, as it
/// was at some moment of the call; a ring that makes no sense has fewer.
std::vector<Mark> marks_of_last(RingView const& ring, std::uint64_t at_most);

/// Where the last `messages` messages of the ring begin, also where its publisher gave some up and so used up their numbers.
RingPlace place_of_last(RingView const& ring, std::uint64_t messages);

/// What the last `at_most` messages (0: all) of two rings are when their messages are put in the order of their stamps: how many of each
/// ring's last ones. The order within a ring stays; where nothing is stamped, `newer` comes behind `older`.
struct Selection {
    std::size_t of_older = 0, of_newer = 0;
};
Selection last_of_both(std::vector<Mark> const& older, std::vector<Mark> const& newer, std::uint64_t at_most, std::uint64_t max_bytes);

}  // namespace bus::shm
