// What all copies of a Schema share. Immutable once made; protobuf's factories lock by themselves.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <bus/schema.hpp>
#include <memory>
#include <string>

namespace bus {

struct Schema::State {
    std::string type;
    std::string set;                                         // serialized; empty: no protobuf
    std::unique_ptr<google::protobuf::DescriptorPool> pool;  // null: the type is the program's own
    google::protobuf::Descriptor const* descriptor = nullptr;
    std::unique_ptr<google::protobuf::DynamicMessageFactory>
        factory;  // null: the program's generated classes are used. Gone before the pool

    /// Null for Bytes and plain.
    google::protobuf::Message const* prototype() const;
};

}  // namespace bus
