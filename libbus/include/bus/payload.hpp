// What can be sent: protobuf messages, raw bytes, plain structs, and, for those who don't know the type beforehand, Any.
#pragma once

#include <google/protobuf/message.h>

#include <bus/error.hpp>
#include <bus/schema.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bus {

namespace client {
class TypeSource;  // what a topic carries, looked up at the first question
}

/// Raw bytes: a view, owns nothing. In a Sample it points into the Sample.
class Bytes : public std::span<std::byte const> {
public:
    using span::span;                                 // NOLINT(modernize-use-equals-default): an inherited one is nobody's to default
    Bytes(std::span<std::byte const> s) : span(s) {}  // NOLINT(google-explicit-constructor): any bytes will do
    Bytes(std::string_view s) : span(std::as_bytes(std::span(s))) {}  // NOLINT(google-explicit-constructor): text too
    std::string_view text() const { return {reinterpret_cast<char const*>(data()), size()}; }
};

/// A message of whatever type. In a Sample it points into the Sample, and so do its copies.
class Any {
public:
    Any() noexcept = default;
    Any(std::span<std::byte const> bytes, std::shared_ptr<client::TypeSource const> source) noexcept
        : bytes_(bytes), source_(std::move(source)) {}

    /// Full name of the protobuf type or name of the plain struct; empty for Bytes.
    std::string_view type() const;
    std::span<std::byte const> bytes() const noexcept { return bytes_; }
    /// The type as it travels on the bus. A Schema without descriptor where it can't be had any more.
    Schema schema() const;
    /// Null for Bytes and plain structs. Lives as long as the Sample, or any Schema of it.
    google::protobuf::Descriptor const* descriptor() const;
    /// The message decoded without its .proto. It owns its type: it may outlive sample and connection.
    /// Errors: invalid: the bytes don't parse, or the type is no protobuf; not_found: the schema is gone.
    Result<std::shared_ptr<google::protobuf::Message const>> dynamic() const;
    /// The message as T. Errors: schema_mismatch: it is of another type; invalid: the bytes don't parse.
    template <std::derived_from<google::protobuf::Message> T>
    Result<T> as() const {
        Result<T> message{T()};
        if (auto parsed = parse_into(*message); !parsed) return parsed.error();
        return message;
    }
    /// The message as protobuf's JSON, with the names of the .proto. Errors: as dynamic().
    Result<std::string> json() const;

private:
    Result<void> parse_into(google::protobuf::Message& message) const;

    std::span<std::byte const> bytes_;
    std::shared_ptr<client::TypeSource const> source_;
};

/// Opt-in for a trivially copyable struct, at namespace scope:
///     template <> struct bus::plain<imu::Sample> { static constexpr std::string_view name = "imu.Sample.v1"; };
/// Two structs of one name must be the same: nobody can check more than their size.
template <class T>
struct plain;

template <class T>
concept ProtoType = std::derived_from<T, google::protobuf::Message> && !std::same_as<T, google::protobuf::Message>;
template <class T>
concept PlainType = std::is_trivially_copyable_v<T> && requires {
    { plain<T>::name } -> std::convertible_to<std::string_view>;
};
template <class T>
concept Payload = ProtoType<T> || PlainType<T> || std::same_as<T, Bytes> || std::same_as<T, Any>;

namespace detail {

inline constexpr std::size_t kPayloadAlign = 64;  // of every payload as a reader sees it, and of loans

/// All that the library's compiled part knows of a T.
struct PayloadType {
    enum class Kind { proto, plain, bytes, any } kind = Kind::bytes;
    std::string_view name = {};                            // plain only
    std::size_t plain_bytes = 0;                           // plain only
    google::protobuf::Message const* prototype = nullptr;  // proto only: its default instance
};

template <Payload T>
PayloadType payload_type() {
    if constexpr (ProtoType<T>) {
        return {.kind = PayloadType::Kind::proto, .prototype = &T::default_instance()};
    } else if constexpr (PlainType<T>) {
        static_assert(alignof(T) <= kPayloadAlign, "a plain struct may ask for an alignment of 64 at most");
        return {.kind = PayloadType::Kind::plain, .name = plain<T>::name, .plain_bytes = sizeof(T)};
    } else if constexpr (std::same_as<T, Any>) {
        return {.kind = PayloadType::Kind::any};
    } else {
        return {.kind = PayloadType::Kind::bytes};
    }
}

}  // namespace detail

}  // namespace bus
