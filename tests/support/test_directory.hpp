// A small directory in ordinary memory of the test, with the changes busd makes to it.
#pragma once

#include "shm/directory_format.hpp"
#include "shm/directory_writer.hpp"
#include "support/test_ring.hpp"

namespace bus::test {

class TestDirectory {
public:
    explicit TestDirectory(shm::DirectorySizes const& sizes =
                               {.users = 4, .sessions = 8, .topics = 8, .rings = 8, .subscriptions = 8, .members = 16, .schemas = 2})
        : memory_(shm::directory_bytes(sizes)) {
        shm::format_directory(memory_.bytes(), sizes);
        writer = shm::DirectoryWriter::open(memory_.bytes()).value();
    }
    shm::DirectoryView view() const { return shm::DirectoryView::open(memory_.bytes()).value(); }
    std::span<std::byte> bytes() const { return memory_.bytes(); }

    std::uint32_t add_session(std::uint64_t session_id, std::uint32_t uid) {
        auto const index = writer.find_free<shm::SessionEntry>().value();
        writer.change<shm::SessionEntry>(index, [&](shm::SessionEntry& entry) {
            entry.head.state = static_cast<std::uint32_t>(shm::SessionState::live);
            entry.session_id = session_id;
            entry.uid = uid;
            entry.user = 3;
        });
        return index;
    }
    std::uint32_t add_ring(std::uint64_t ring_id) {
        auto const index = writer.find_free<shm::RingEntry>().value();
        writer.change<shm::RingEntry>(index, [&](shm::RingEntry& entry) {
            entry.head.state = static_cast<std::uint32_t>(shm::RingState::live);
            entry.ring_id = ring_id;
            entry.first_member = shm::kNil;
            entry.next_in_topic = shm::kNil;
        });
        return index;
    }
    /// The order of busd: the entry, then the link, then the epoch.
    std::uint32_t add_member(std::uint32_t ring, shm::MemberEntry const& like) {
        auto const index = writer.find_free<shm::MemberEntry>().value();
        auto const ring_id = writer.own<shm::RingEntry>(ring)->ring_id;
        auto const first = writer.own<shm::RingEntry>(ring)->first_member.load();
        writer.change<shm::MemberEntry>(index, [&](shm::MemberEntry& entry) {
            entry.head.state = static_cast<std::uint32_t>(shm::MemberState::present);
            entry.ring = ring;
            entry.ring_id = ring_id;
            entry.subscription_id = like.subscription_id;
            entry.session_id = like.session_id;
            entry.session = like.session;
            entry.cursor = like.cursor;
            entry.kind = like.kind;
            entry.joined_later = like.joined_later;
            entry.start = like.start;
            entry.next_in_ring = first;
            entry.next_in_subscription = shm::kNil;
        });
        writer.change<shm::RingEntry>(ring, [&](shm::RingEntry& entry) { entry.first_member = index; });
        writer.raise_member_epoch(ring);
        return index;
    }
    /// Unlink, epoch, free.
    void remove_member(std::uint32_t ring, std::uint32_t member) {
        auto const next = writer.own<shm::MemberEntry>(member)->next_in_ring.load();
        std::uint32_t before = shm::kNil;
        for (auto at = writer.own<shm::RingEntry>(ring)->first_member.load(); at != member;
             at = writer.own<shm::MemberEntry>(at)->next_in_ring.load())
            before = at;
        if (before == shm::kNil)
            writer.change<shm::RingEntry>(ring, [&](shm::RingEntry& entry) { entry.first_member = next; });
        else
            writer.change<shm::MemberEntry>(before, [&](shm::MemberEntry& entry) { entry.next_in_ring = next; });
        writer.raise_member_epoch(ring);
        writer.free<shm::MemberEntry>(member);
    }

    shm::DirectoryWriter writer;

private:
    PageMemory memory_;
};

}  // namespace bus::test
