// Types at the broker's door: names that differ, versions kept as long as somebody has them.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include "busd.hpp"

namespace bus::test {
namespace {

class BusdTypes : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

TEST_F(BusdTypes, ATypeThatDiffersIsRefusedNamingBothWhoeverComesSecond) {
    Busd busd;
    auto raw = RawClient::open().value();
    ASSERT_TRUE(raw->publisher("one", "nav.Pose"));
    ASSERT_TRUE(raw->subscription("two", "nav.Pose"));
    for (auto const& second :
         {raw->subscription("one", "nav.Twist"), raw->publisher("two", "nav.Twist"), raw->publisher("one", "nav.Twist")}) {
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error(), Errc::schema_mismatch);
        EXPECT_NE(second.error().what().find("nav.Pose"), std::string::npos) << second.error().what();
        EXPECT_NE(second.error().what().find("nav.Twist"), std::string::npos) << second.error().what();
    }
    EXPECT_TRUE(raw->subscription("one")) << "bytes take anything";
    EXPECT_TRUE(raw->subscription("*", "nav.Twist")) << "a pattern leaves out what does not fit";
    EXPECT_EQ(count_entries<shm::MemberEntry>(raw->bus()), 1u);
}

TEST_F(BusdTypes, KeepsAVersionOfATypeAsLongAsARingHasIt) {
    Busd busd;
    auto raw = RawClient::open().value();
    google::protobuf::FileDescriptorSet set;
    google::protobuf::StringValue::descriptor()->file()->CopyTo(set.add_file());
    auto const older = set.SerializeAsString();
    auto& added = *set.mutable_file(0)->mutable_message_type(7)->add_field();  // StringValue
    ASSERT_EQ(set.file(0).message_type(7).name(), "StringValue");
    added.set_name("extra");
    added.set_number(2);
    added.set_type(google::protobuf::FieldDescriptorProto::TYPE_INT32);
    std::vector<v1::Answer> made;
    for (auto const& version : {older, set.SerializeAsString(), older})
        made.push_back(raw->publisher("t", "google.protobuf.StringValue", 4096, version).value());
    EXPECT_EQ(count_entries<shm::SchemaEntry>(raw->bus()), 2u) << "each stored once";
    for (std::size_t left = made.size(); left-- > 0;) {
        v1::Request remove;
        remove.mutable_remove_publisher()->set_ring_id(made[left].id());
        ASSERT_TRUE(raw->ask(remove));
        EXPECT_EQ(count_entries<shm::SchemaEntry>(raw->bus()), left == 2 ? 2u : left) << "the topic's own is the first's";
    }
}

}  // namespace
}  // namespace bus::test
