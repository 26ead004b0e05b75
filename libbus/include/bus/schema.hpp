// A type as it travels on the bus: its full name and, for protobuf, a descriptor set with all it imports. So whoever meets a message can
// decode it without its .proto file.
#pragma once

#include <bus/error.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace bus {

/// A value; copies share what they describe. Threads: any.
class Schema {
public:
    /// That of Bytes: no name, nothing to decode.
    Schema() noexcept = default;

    /// That of a protobuf type known to the program. Errors: too_large: with its imports it is more than the bus carries (1 MiB).
    static Result<Schema> of(google::protobuf::Descriptor const& type);

    /// Compiles a .proto file and takes `type` (its full name) out of it. Imports are looked for beside the file, in the current folder and
    /// where protobuf's own are installed.
    /// Errors: not_found: no such file, or no such type in it (what() names those there are); invalid: the file's errors, with their lines.
    static Result<Schema> load(std::string const& proto_file, std::string_view type);

    /// From what the bus stores: a serialized google.protobuf.FileDescriptorSet. An empty one: a plain struct, or Bytes where `type` is
    /// empty too. Errors: invalid: it does not parse, lacks an import or the type, contradicts itself; too_large.
    static Result<Schema> from(std::string_view type, std::span<std::byte const> descriptor_set);

    std::string const& type() const noexcept;                         // "nav.Pose"; empty for Bytes
    google::protobuf::Descriptor const* descriptor() const noexcept;  // null for Bytes and plain; lives as long as any copy of this Schema
    std::span<std::byte const> descriptor_set() const noexcept;       // equal types of equal imports have equal bytes

    /// The message decoded. It owns its type: it may outlive this Schema. Errors: invalid: the bytes don't parse, or this is no protobuf
    /// type.
    Result<std::shared_ptr<google::protobuf::Message const>> decode(std::span<std::byte const> bytes) const;

    /// The message as protobuf's JSON on one line, with the names of the .proto and with fields that are zero; bytes and plain structs as a
    /// JSON string in base64. Errors: invalid: the bytes don't parse.
    Result<std::string> json(std::span<std::byte const> bytes) const;

    /// The other way: JSON to serialized bytes. Fields may have their .proto or their JSON name; an unknown one is an error.
    /// Errors: invalid: no JSON, or no message of this type: says where.
    Result<std::string> parse_json(std::string_view json) const;

    /// What differs between this one and another. No changes: each can read what the other writes, and nothing is left out.
    SchemaDifference difference(Schema const& other) const;

private:
    struct State;
    explicit Schema(std::shared_ptr<State const> state) noexcept : state_(std::move(state)) {}
    static Result<Schema> make(std::shared_ptr<State> state, std::string_view type);

    std::shared_ptr<State const> state_;
};

}  // namespace bus
