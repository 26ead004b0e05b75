// docs/shared-memory.md says what the structures are: every field once, nothing else.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <sstream>

#include "shm/layout_fields.hpp"
#include "sys/file.hpp"

namespace bus::test {

namespace {

struct Place {
    std::size_t offset, bytes;
    friend bool operator==(Place const&, Place const&) = default;
};
std::ostream& operator<<(std::ostream& out, Place const& place) { return out << place.bytes << " bytes at " << place.offset; }

using Fields = std::map<std::string, Place>;
struct Type {
    std::size_t bytes = 0;
    Fields fields;
};
using Types = std::map<std::string, Type>;

Types types_of_the_structures() {
    Types types;
#define BUS_TYPE(type, size, alignment) types[#type].bytes = sizeof(shm::type);
#define BUS_FIELD(type, field, at, size) types[#type].fields[#field] = {offsetof(shm::type, field), sizeof(shm::type::field)};
    BUS_SHM_TYPES(BUS_TYPE)
    BUS_SHM_FIELDS(BUS_FIELD)
    return types;
}

/// "### Type: N bytes", then rows "| offset | bytes | field | meaning |".
Types types_of_the_page(std::string const& page) {
    Types types;
    Type* type = nullptr;
    std::istringstream lines(page);
    char name[64];
    std::size_t offset = 0, bytes = 0;
    for (std::string line; std::getline(lines, line);) {
        if (std::sscanf(line.c_str(), "### %63[A-Za-z]: %zu bytes", name, &bytes) == 2) {
            EXPECT_FALSE(types.contains(name)) << name << " is described twice";
            type = &types[name];
            type->bytes = bytes;
        } else if (type != nullptr && std::sscanf(line.c_str(), "| %zu | %zu | %63[a-z_0-9] |", &offset, &bytes, name) == 3) {
            EXPECT_TRUE(type->fields.emplace(name, Place{offset, bytes}).second) << name;
        }
    }
    return types;
}

}  // namespace

TEST(SharedMemoryPage, DescribesEveryFieldOfEveryStructureAndNothingElse) {
    auto const page = sys::read_file(std::string(BUS_SOURCE_ROOT) + "/docs/shared-memory.md");
    ASSERT_TRUE(page) << page.error().what();
    Types const described = types_of_the_page(*page);
    Types const real = types_of_the_structures();
    for (auto const& [name, type] : described) EXPECT_TRUE(real.contains(name)) << name << " does not exist";
    for (auto const& [name, type] : real) {
        ASSERT_TRUE(described.contains(name)) << name << " is not described";
        Type const& text = described.at(name);
        EXPECT_EQ(text.bytes, type.bytes) << name;
        for (auto const& [field, place] : text.fields) EXPECT_TRUE(type.fields.contains(field)) << name << " has no " << field;
        for (auto const& [field, place] : type.fields) {
            ASSERT_TRUE(text.fields.contains(field)) << name << "::" << field << " is not described";
            EXPECT_EQ(text.fields.at(field), place) << name << "::" << field;
        }
    }
}

// A structure whose fields were not all listed would be found by the hole it leaves.
TEST(SharedMemoryLayout, HasNoHolesInEntriesAndRecords) {
    Types const types = types_of_the_structures();
    for (char const* const name :
         {"SegmentHead", "ObjectRef", "IndexEntry", "RecordHead", "EntryHead", "Table", "UserEntry", "SessionEntry", "TopicEntry",
          "RingEntry", "SubscriptionEntry", "MemberEntry", "SchemaEntry", "DirectoryHead", "RegistryRecord"}) {
        std::map<std::size_t, std::size_t> places;
        for (auto const& [field, place] : types.at(name).fields) places[place.offset] = place.bytes;
        std::size_t end = 0;
        for (auto const& [offset, bytes] : places) {
            EXPECT_EQ(offset, end) << name;
            end = offset + bytes;
        }
        EXPECT_EQ(end, types.at(name).bytes) << name;
    }
}

}  // namespace bus::test
