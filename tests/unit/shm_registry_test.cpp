// The registry as it is read, and the extents of an arena.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "shm/arena_extents.hpp"
#include "shm/registry_reader.hpp"
#include "shm/ring_layout.hpp"
#include "support/temporary_directory.hpp"
#include "sys/file.hpp"

namespace bus::test {

using shm::ArenaExtents;
using shm::ObjectKind;
using shm::RegistryKind;
using shm::RegistryRecord;

namespace {

RegistryRecord record(RegistryKind kind, ObjectKind object, std::int32_t key, std::int32_t id = 0) {
    RegistryRecord record{};
    record.kind = kind;
    record.object = object;
    record.key = key;
    record.id = id;
    record.layout_version = kind == RegistryKind::head ? shm::kLayoutVersion : 0;
    shm::set_text(record, "what it is for");
    shm::seal(record);
    return record;
}

std::vector<std::byte> file_of(std::vector<RegistryRecord> const& records) {
    std::vector<std::byte> bytes(records.size() * sizeof(RegistryRecord));
    if (!records.empty()) std::memcpy(bytes.data(), records.data(), bytes.size());
    return bytes;
}

RegistryRecord head() { return record(RegistryKind::head, ObjectKind::none, 0); }

}  // namespace

TEST(RegistryRecord, IsSealedUntilABitChanges) {
    RegistryRecord sealed = record(RegistryKind::made, ObjectKind::arena, 5, 6);
    EXPECT_TRUE(shm::is_sealed(sealed));
    EXPECT_EQ(shm::text_of(sealed), "what it is for");
    for (std::size_t bit = 0; bit < 8 * sizeof sealed; ++bit) {
        auto* const byte = reinterpret_cast<unsigned char*>(&sealed) + bit / 8;
        *byte ^= static_cast<unsigned char>(1u << bit % 8);
        EXPECT_FALSE(shm::is_sealed(sealed)) << bit;
        *byte ^= static_cast<unsigned char>(1u << bit % 8);
    }
}

TEST(RegistryRecord, UsesTheCrcOfIscsi) {
    RegistryRecord zero{};
    EXPECT_EQ(shm::checksum_of(zero), 0x082764DBu);  // CRC-32C of 128 zero bytes, by another program
}

TEST(RegistryRecord, CutsATextThatIsTooLong) {
    RegistryRecord long_one{};
    shm::set_text(long_one, std::string(100, 'x'));
    EXPECT_EQ(shm::text_of(long_one), std::string(63, 'x'));
}

TEST(Registry, TellsWhatIsThereAndWhatMayBeLeft) {
    auto const registry =
        shm::parse_registry(
            file_of({head(), record(RegistryKind::intent, ObjectKind::directory, 1),
                     record(RegistryKind::made, ObjectKind::directory, 1, 100), record(RegistryKind::intent, ObjectKind::arena, 2),
                     record(RegistryKind::made, ObjectKind::arena, 2, 101), record(RegistryKind::gone, ObjectKind::arena, 2, 101),
                     record(RegistryKind::intent, ObjectKind::lobby, 3)}))
            .value();
    EXPECT_FALSE(registry.torn);
    ASSERT_NE(registry.find(ObjectKind::directory), nullptr);
    EXPECT_EQ(registry.find(ObjectKind::directory)->id, 100);
    EXPECT_EQ(registry.find(ObjectKind::arena), nullptr);
    EXPECT_EQ(registry.find(ObjectKind::lobby), nullptr) << "perhaps never made";
    auto const alive = registry.alive();
    ASSERT_EQ(alive.size(), 2u);
    EXPECT_EQ(alive[0].kind, RegistryKind::made);
    EXPECT_EQ(alive[1].object, ObjectKind::lobby);
    EXPECT_EQ(alive[1].kind, RegistryKind::intent);
}

TEST(Registry, EndsWhereBusdDiedWriting) {
    auto const whole =
        file_of({head(), record(RegistryKind::made, ObjectKind::directory, 1, 100), record(RegistryKind::made, ObjectKind::alive, 2, 7)});
    for (std::size_t bytes = 128; bytes <= whole.size(); ++bytes) {
        auto const registry = shm::parse_registry(std::span(whole).first(bytes)).value();
        EXPECT_EQ(registry.good_bytes, bytes / 128 * 128);
        EXPECT_EQ(registry.records.size(), bytes / 128 - 1);
        EXPECT_EQ(registry.torn, bytes % 128 != 0);
    }
}

TEST(Registry, IsNotBelievedFromTheFirstFlippedByteOn) {
    auto const whole =
        file_of({head(), record(RegistryKind::made, ObjectKind::directory, 1, 100), record(RegistryKind::made, ObjectKind::alive, 2, 7)});
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (auto const flip : {std::byte{1}, std::byte{0x80}, std::byte{0xff}}) {
            auto scratched = whole;
            scratched[at] ^= flip;
            auto const registry = shm::parse_registry(scratched);
            ASSERT_EQ(registry.has_value(), at >= 128) << at;
            if (!registry) continue;
            EXPECT_TRUE(registry->torn) << at;
            EXPECT_EQ(registry->records.size(), at / 128 - 1) << at;
        }
    }
}

TEST(Registry, IsRefusedWithoutAHeadOrWithAnotherVersion) {
    EXPECT_EQ(shm::parse_registry({}).error(), Errc::invalid);
    EXPECT_EQ(shm::parse_registry(file_of({record(RegistryKind::made, ObjectKind::directory, 1, 2)})).error(), Errc::invalid);
    auto other = head();
    other.layout_version = 8;
    shm::seal(other);
    auto const refused = shm::parse_registry(file_of({other}));
    EXPECT_EQ(refused.error(), Errc::conflict);
    EXPECT_NE(refused.error().what().find("version 8"), std::string::npos);
}

TEST(Registry, IsReadFromItsFile) {
    TemporaryDirectory const folder;
    std::string const path = folder.path() + "/registry";
    EXPECT_EQ(shm::read_registry(path).error(), Errc::not_found);
    ASSERT_TRUE(sys::replace_file(path, file_of({head(), record(RegistryKind::made, ObjectKind::alive, 4, 5)}), 0644));
    EXPECT_EQ(shm::read_registry(path).value().find(ObjectKind::alive)->id, 5);
    ASSERT_TRUE(sys::replace_file(path, {}, 0644));
    EXPECT_NE(shm::read_registry(path).error().what().find(path), std::string::npos);
}

TEST(ArenaExtents, GiveTheLowestPlaceAndMergeWhatComesBack) {
    ArenaExtents extents(4096, 10 * 4096);
    EXPECT_EQ(extents.allocate(1), 4096u);
    EXPECT_EQ(extents.allocate(2 * 4096), 2 * 4096u);
    EXPECT_EQ(extents.allocate(3 * 4096), 4 * 4096u);
    EXPECT_EQ(extents.free_bytes(), 4 * 4096u);
    EXPECT_EQ(extents.allocate(5 * 4096), std::nullopt);
    EXPECT_TRUE(extents.release(4096, 4096));
    EXPECT_TRUE(extents.release(4 * 4096, 3 * 4096));
    EXPECT_EQ(extents.largest(), 7 * 4096u);
    EXPECT_TRUE(extents.release(2 * 4096, 2 * 4096));
    EXPECT_EQ(extents.largest(), 10 * 4096u);
    EXPECT_TRUE(extents.is_empty());
}

TEST(ArenaExtents, RefuseWhatIsTakenFreeOrOutside) {
    ArenaExtents extents(4096, 4 * 4096);
    EXPECT_TRUE(extents.take(2 * 4096, 4096));
    EXPECT_FALSE(extents.take(2 * 4096, 4096));
    EXPECT_FALSE(extents.take(4096, 2 * 4096));
    EXPECT_FALSE(extents.take(0, 4096));
    EXPECT_FALSE(extents.take(5 * 4096, 4096));
    EXPECT_FALSE(extents.take(100, 4096));
    EXPECT_FALSE(extents.take(4096, ~std::uint64_t{0}));
    EXPECT_FALSE(extents.release(4096, 4096));
    EXPECT_FALSE(extents.release(2 * 4096, 2 * 4096));
    EXPECT_FALSE(extents.release(64 * 4096, 4096));
    EXPECT_EQ(extents.allocate(0), std::nullopt);
    EXPECT_EQ(extents.free_bytes(), 3 * 4096u);
}

TEST(ArenaExtents, NeverGiveTheSamePageTwice) {
    std::mt19937 random(3);
    constexpr std::uint64_t kPages = 64;
    ArenaExtents extents(0, kPages * 4096);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> held;
    std::vector<bool> taken(kPages);
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 2) {
            std::uint64_t const pages = 1 + random() % 9;
            if (auto const place = extents.allocate(pages * 4096)) {
                for (std::uint64_t page = 0; page < pages; ++page) {
                    ASSERT_FALSE(taken[*place / 4096 + page]);
                    taken[*place / 4096 + page] = true;
                }
                held.emplace_back(*place, pages);
            }
        } else if (!held.empty()) {
            std::swap(held[random() % held.size()], held.back());
            auto const [place, pages] = held.back();
            held.pop_back();
            ASSERT_TRUE(extents.release(place, pages * 4096));
            for (std::uint64_t page = 0; page < pages; ++page) taken[place / 4096 + page] = false;
        }
        ASSERT_EQ(extents.free_bytes(), static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), false)) * 4096);
    }
}

}  // namespace bus::test
