// What a stranger says his type is.
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "schema_check.hpp"

namespace bus::broker {
namespace {

std::string pose() {
    google::protobuf::FileDescriptorSet set;
    auto& file = *set.add_file();
    file.set_package("nav");
    file.add_message_type()->set_name("Pose");
    return set.SerializeAsString();
}

TEST(SchemaCheck, WantsAMessageOfThatName) {
    EXPECT_TRUE(check_schema(pose(), "nav.Pose"));
    EXPECT_EQ(check_schema(pose(), "nav.Twist").error(), Errc::invalid);
    EXPECT_EQ(check_schema("\xFF\xFF\xFF", "nav.Pose").error(), Errc::invalid);
}

}  // namespace
}  // namespace bus::broker
