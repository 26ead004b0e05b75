// Tables one behind the other, each at a multiple of a page.
#include "shm/directory_format.hpp"

#include <array>
#include <new>

namespace bus::shm {

namespace {

struct Plan {
    Table DirectoryHead::*table;
    std::uint32_t entry_bytes, capacity;
};

std::array<Plan, 7> plan_of(DirectorySizes const& sizes) noexcept {
    return {{{&DirectoryHead::users, sizeof(UserEntry), sizes.users},
             {&DirectoryHead::sessions, sizeof(SessionEntry), sizes.sessions},
             {&DirectoryHead::topics, sizeof(TopicEntry), sizes.topics},
             {&DirectoryHead::rings, sizeof(RingEntry), sizes.rings},
             {&DirectoryHead::subscriptions, sizeof(SubscriptionEntry), sizes.subscriptions},
             {&DirectoryHead::members, sizeof(MemberEntry), sizes.members},
             {&DirectoryHead::schemas, sizeof(SchemaEntry), sizes.schemas}}};
}

std::size_t table_bytes(Plan const& plan) noexcept { return align_up(std::size_t{plan.entry_bytes} * plan.capacity, kPage); }

}  // namespace

std::size_t directory_bytes(DirectorySizes const& sizes) noexcept {
    std::size_t bytes = align_up(sizeof(DirectoryHead), kPage);
    for (Plan const& plan : plan_of(sizes)) bytes += table_bytes(plan);
    return bytes;
}

DirectoryHead& format_directory(std::span<std::byte> segment, DirectorySizes const& sizes) noexcept {
    auto& head = *reinterpret_cast<DirectoryHead*>(segment.data());
    std::size_t offset = align_up(sizeof(DirectoryHead), kPage);
    for (Plan const& plan : plan_of(sizes)) {
        Table& table = head.*plan.table;
        table.offset = offset;
        table.entry_bytes = plan.entry_bytes;
        table.capacity = plan.capacity;
        table.used.store(0, std::memory_order_relaxed);
        table.reserved = 0;
        offset += table_bytes(plan);
    }
    return head;
}

}  // namespace bus::shm
