// The messages and enums of a FileDescriptorSet by their full names, looked at as they are: no type is built of them.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>

namespace bus::wire {

struct MessageType {
    google::protobuf::DescriptorProto const* proto;
    bool proto3;  // its enums keep numbers they do not know, its strings have to be UTF-8
};
struct EnumType {
    google::protobuf::EnumDescriptorProto const* proto;
    bool open;
};

inline constexpr std::size_t kMaxTypeNameBytes = 512;

/// Types whose full names are longer than kMaxTypeNameBytes are left out, and what is nested in them: a set of a megabyte could name
/// gigabytes. Life time: points into the set.
class TypeTables {
public:
    explicit TypeTables(google::protobuf::FileDescriptorSet const& set);

    /// By ".package.Outer.Inner". Null: not in the set.
    MessageType const* message(std::string const& name) const;
    EnumType const* enumeration(std::string const& name) const;

private:
    void add(google::protobuf::DescriptorProto const& message, std::string const& scope, bool proto3);

    std::map<std::string, MessageType> messages_;
    std::map<std::string, EnumType> enums_;
};

}  // namespace bus::wire
