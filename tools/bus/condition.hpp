// A condition on messages: what --where takes. Its words are told in `bus help conditions`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <bus/error.hpp>

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace bus::tool {

/// A value; copies share what was read. Reading and holding are bounded: 4096 bytes, 64 levels, regular expressions by RE2.
class Condition {
public:
    struct Node;

    /// Errors: usage_error(): says where it can't be read.
    static Result<Condition> parse(std::string_view text);
    explicit Condition(std::string text, std::shared_ptr<Node const> root) noexcept : text_(std::move(text)), root_(std::move(root)) {}

    /// Whether it means something for messages of this type. Errors: usage_error(): no such field, or things that can't be compared.
    Result<void> check(google::protobuf::Descriptor const& type) const;
    bool holds(google::protobuf::Message const& message) const;

private:
    std::string text_;
    std::shared_ptr<Node const> root_;
};

}  // namespace bus::tool
