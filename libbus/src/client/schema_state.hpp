// What all copies of a Schema share. Immutable once made; protobuf's factories lock by themselves.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <bus/schema.hpp>
#include <memory>
#include <mutex>
#include <string>

namespace bus {

struct Schema::State {
    std::string type;
    std::string set;                                         // serialized; empty: no protobuf
    std::unique_ptr<google::protobuf::DescriptorPool> pool;  // null: the type is the program's own
    google::protobuf::Descriptor const* descriptor = nullptr;
    std::unique_ptr<google::protobuf::DynamicMessageFactory>
        factory;  // null: the program's generated classes are used. Gone before the pool

    /// Whether it, or a type it holds, has a proto2 group: protobuf's JSON (3.21) writes the fields of one over those of the message.
    bool has_groups() const;

    /// Null for Bytes and plain.
    google::protobuf::Message const* prototype() const;

private:
    mutable std::once_flag looked_for_groups_;
    mutable bool has_groups_ = false;
};

}  // namespace bus
