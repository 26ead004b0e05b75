// A type as it travels on the bus.
#pragma once

#include <bus/error.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
}

namespace bus {

/// The full name of a type and, for protobuf, all that is needed to decode it. A value; copies share what they describe.
class Schema {
public:
    static Result<Schema> of(google::protobuf::Descriptor const& type);
    static Result<Schema> load(std::string const& proto_file, std::string_view type);
    std::string const& type() const;
    google::protobuf::Descriptor const* descriptor() const;  // null for Bytes and plain; lives as long as any copy of this Schema
    SchemaDifference difference(Schema const& other) const;

private:
    std::shared_ptr<void const> state_;
};

}  // namespace bus
