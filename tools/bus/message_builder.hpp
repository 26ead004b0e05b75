// Makes a message of a schema out of JSON, protobuf or not.
#pragma once

#include <bus/schema.hpp>
#include <memory>
#include <string>
#include <vector>

namespace bus::tool {

/// Not movable: messages made here live no longer.
class MessageBuilder {
public:
    explicit MessageBuilder(Schema schema);
    ~MessageBuilder();
    MessageBuilder(MessageBuilder const&) = delete;
    MessageBuilder& operator=(MessageBuilder const&) = delete;

    /// The serialized message. Bytes and plain structs are a base64 string, as echo prints them.
    /// Errors: invalid: no JSON, an unknown field, a value that does not fit.
    Result<std::string> serialize(std::string const& json);

    Schema const& schema() const noexcept { return schema_; }

private:
    struct Dynamic;
    Schema schema_;
    std::unique_ptr<Dynamic> dynamic_;  // null where the type is no protobuf
};

}  // namespace bus::tool
