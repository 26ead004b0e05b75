// Two descriptions of one type: what counts and what does not.
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "schema_match.hpp"

namespace bus::broker {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorSet;

FileDescriptorSet pose() {
    FileDescriptorSet set;
    auto& file = *set.add_file();
    file.set_name("pose.proto");
    file.set_package("nav");
    auto& message = *file.add_message_type();
    message.set_name("Pose");
    auto& field = *message.add_field();
    field.set_name("x");
    field.set_number(1);
    field.set_type(FieldDescriptorProto::TYPE_DOUBLE);
    auto& nested = *message.add_field();
    nested.set_name("frame");
    nested.set_number(2);
    nested.set_type(FieldDescriptorProto::TYPE_MESSAGE);
    nested.set_type_name(".nav.Frame");
    auto& frame = *file.add_message_type();
    frame.set_name("Frame");
    auto& name = *frame.add_field();
    name.set_name("name");
    name.set_number(1);
    name.set_type(FieldDescriptorProto::TYPE_STRING);
    return set;
}

TEST(SchemaMatch, WantsAMessageOfThatName) {
    EXPECT_TRUE(check_schema(pose().SerializeAsString(), "nav.Pose"));
    EXPECT_EQ(check_schema(pose().SerializeAsString(), "nav.Twist").error(), Errc::invalid);
    EXPECT_EQ(check_schema("\xFF\xFF\xFF", "nav.Pose").error(), Errc::invalid);
}

TEST(SchemaMatch, CommentsFileNamesAndJsonNamesDoNotCount) {
    auto other = pose();
    other.mutable_file(0)->set_name("elsewhere/pose.proto");
    other.mutable_file(0)->mutable_message_type(0)->mutable_field(0)->set_json_name("ex");
    other.mutable_file(0)->mutable_source_code_info()->add_location()->set_leading_comments("where it is");
    other.mutable_file(0)->add_message_type()->set_name("Unrelated");
    EXPECT_TRUE(same_message(pose().SerializeAsString(), other.SerializeAsString(), "nav.Pose"));
}

TEST(SchemaMatch, FieldsCountAlsoThoseOfTypesItIsMadeOf) {
    auto renumbered = pose();
    renumbered.mutable_file(0)->mutable_message_type(0)->mutable_field(0)->set_number(9);
    EXPECT_FALSE(same_message(pose().SerializeAsString(), renumbered.SerializeAsString(), "nav.Pose"));
    auto deeper = pose();
    deeper.mutable_file(0)->mutable_message_type(1)->mutable_field(0)->set_type(FieldDescriptorProto::TYPE_BYTES);
    EXPECT_FALSE(same_message(pose().SerializeAsString(), deeper.SerializeAsString(), "nav.Pose"));
}

TEST(SchemaMatch, ALongChainOfTypesIsWalkedWithoutRecursion) {
    FileDescriptorSet chain;
    auto& file = *chain.add_file();
    constexpr int kLinks = 20'000;
    for (int i = 0; i < kLinks; ++i) {
        auto& message = *file.add_message_type();
        message.set_name("M" + std::to_string(i));
        auto& field = *message.add_field();
        field.set_name("n");
        field.set_number(1);
        field.set_type(FieldDescriptorProto::TYPE_MESSAGE);
        field.set_type_name(".M" + std::to_string((i + 1) % kLinks));
    }
    auto const bytes = chain.SerializeAsString();
    EXPECT_TRUE(same_message(bytes, bytes, "M0"));
}

}  // namespace
}  // namespace bus::broker
