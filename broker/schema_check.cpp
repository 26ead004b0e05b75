// A stranger's descriptor set is only looked at: no type is built of it.
#include "schema_check.hpp"

#include "wire/type_tables.hpp"

namespace bus::broker {

Result<void> check_schema(std::string_view descriptor_set, std::string const& type) {
    google::protobuf::FileDescriptorSet set;
    if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
        return Error(Errc::invalid, "type " + type + ": its " + std::to_string(descriptor_set.size()) + " bytes are no FileDescriptorSet");
    }
    if (wire::TypeTables(set).message("." + type) == nullptr) {
        return Error(Errc::invalid, "type " + type + ": its FileDescriptorSet holds no message of that name");
    }
    return {};
}

}  // namespace bus::broker
