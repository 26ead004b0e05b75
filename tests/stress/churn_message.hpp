// What a message of the churn campaign holds: given by its publisher's plan and its number alone, so that whoever gets it can tell whether
// each byte is right. Publishers that drop say in the first bytes how many they had given up before.
#pragma once

#include <cstdint>
#include <span>

#include "churn_history.hpp"

namespace bus::test::churn {

std::size_t bytes_of(PublisherRecord::Plan const& plan, std::uint64_t sequence);
/// Fills `to`, of bytes_of().
void fill(PublisherRecord::Plan const& plan, std::uint64_t sequence, std::uint64_t dropped, std::span<std::byte> to);
/// Compares, and reads how many were dropped before.
bool is_whole(PublisherRecord::Plan const& plan, std::uint64_t sequence, std::span<std::byte const> message, std::uint64_t& dropped);

}  // namespace bus::test::churn
