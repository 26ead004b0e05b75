// Names of types.
#include "wire/type_tables.hpp"

namespace bus::wire {

TypeTables::TypeTables(google::protobuf::FileDescriptorSet const& set) {
    for (auto const& file : set.file()) {
        std::string const scope = file.package().empty() ? "" : "." + file.package();
        bool const proto3 = file.syntax() == "proto3";
        if (scope.size() > kMaxTypeNameBytes) continue;
        for (auto const& message : file.message_type()) add(message, scope, proto3);
        for (auto const& nested : file.enum_type())
            if (scope.size() + nested.name().size() < kMaxTypeNameBytes) enums_[scope + "." + nested.name()] = {&nested, proto3};
    }
}

// As deep as the set's own bytes are nested, which protobuf bounds when it parses them.
void TypeTables::add(google::protobuf::DescriptorProto const& message, std::string const& scope, bool proto3) {
    if (scope.size() + message.name().size() >= kMaxTypeNameBytes) return;
    std::string const name = scope + "." + message.name();
    messages_[name] = {&message, proto3};
    for (auto const& nested : message.nested_type()) add(nested, name, proto3);
    for (auto const& nested : message.enum_type())
        if (name.size() + nested.name().size() < kMaxTypeNameBytes) enums_[name + "." + nested.name()] = {&nested, proto3};
}

MessageType const* TypeTables::message(std::string const& name) const {
    auto const found = messages_.find(name);
    return found != messages_.end() ? &found->second : nullptr;
}

EnumType const* TypeTables::enumeration(std::string const& name) const {
    auto const found = enums_.find(name);
    return found != enums_.end() ? &found->second : nullptr;
}

}  // namespace bus::wire
