// What a stranger says his type is.
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "schema_check.hpp"

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

TEST(SchemaCheck, WantsAMessageOfThatName) {
    EXPECT_TRUE(check_schema(pose().SerializeAsString(), "nav.Pose"));
    EXPECT_EQ(check_schema(pose().SerializeAsString(), "nav.Twist").error(), Errc::invalid);
    EXPECT_EQ(check_schema("\xFF\xFF\xFF", "nav.Pose").error(), Errc::invalid);
}

}  // namespace
}  // namespace bus::broker
