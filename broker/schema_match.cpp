// Comparing descriptors without building types of them: what a stranger sent is only looked at.
#include "schema_match.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <vector>

namespace bus::broker {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FileDescriptorSet;

struct Types {
    std::map<std::string, DescriptorProto const*> messages;  // ".nav.Pose"
    std::map<std::string, EnumDescriptorProto const*> enums;
};

void collect(DescriptorProto const& message, std::string const& scope, Types& into) {
    std::string const name = scope + "." + message.name();
    into.messages[name] = &message;
    for (auto const& nested : message.nested_type()) collect(nested, name, into);
    for (auto const& nested : message.enum_type()) into.enums[name + "." + nested.name()] = &nested;
}

Types types_of(FileDescriptorSet const& set) {
    Types types;
    for (auto const& file : set.file()) {
        std::string const scope = file.package().empty() ? "" : "." + file.package();
        for (auto const& message : file.message_type()) collect(message, scope, types);
        for (auto const& nested : file.enum_type()) types.enums[scope + "." + nested.name()] = &nested;
    }
    return types;
}

// The message's own fields, without what does not change a message's bytes.
std::string essence(DescriptorProto const& message) {
    DescriptorProto copy = message;
    copy.clear_nested_type();
    copy.clear_enum_type();
    for (auto& field : *copy.mutable_field()) field.clear_json_name();
    for (auto& field : *copy.mutable_extension()) field.clear_json_name();
    return copy.SerializeAsString();
}

// One type, without those it is made of.
bool equal(std::string const& name, Types const& one, Types const& other) {
    if (auto const found = one.enums.find(name); found != one.enums.end()) {
        auto const peer = other.enums.find(name);
        return peer != other.enums.end() && found->second->SerializeAsString() == peer->second->SerializeAsString();
    }
    auto const found = one.messages.find(name);
    auto const peer = other.messages.find(name);
    return found != one.messages.end() && peer != other.messages.end() && essence(*found->second) == essence(*peer->second);
}

// A work list, no recursion: how long a chain of types is, is up to who sent it.
bool equal_throughout(std::string const& root, Types const& one, Types const& other) {
    std::set<std::string> seen{root};
    std::vector<std::string> open{root};
    while (!open.empty()) {
        std::string const name = std::move(open.back());
        open.pop_back();
        if (!equal(name, one, other)) return false;
        auto const message = one.messages.find(name);
        if (message == one.messages.end()) continue;
        for (auto const& field : message->second->field()) {
            if (!field.type_name().empty() && seen.insert(field.type_name()).second) open.push_back(field.type_name());
        }
    }
    return true;
}

bool parse(std::string_view bytes, FileDescriptorSet& set) { return set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())); }

}  // namespace

Result<void> check_schema(std::string_view descriptor_set, std::string const& type) {
    FileDescriptorSet set;
    if (!parse(descriptor_set, set)) {
        return Error(Errc::invalid, "type " + type + ": its " + std::to_string(descriptor_set.size()) + " bytes are no FileDescriptorSet");
    }
    if (!types_of(set).messages.contains("." + type)) {
        return Error(Errc::invalid, "type " + type + ": its FileDescriptorSet holds no message of that name");
    }
    return {};
}

bool same_message(std::string_view one_set, std::string_view other_set, std::string const& type) {
    FileDescriptorSet one, other;
    if (!parse(one_set, one) || !parse(other_set, other)) return false;
    return equal_throughout("." + type, types_of(one), types_of(other));
}

}  // namespace bus::broker
