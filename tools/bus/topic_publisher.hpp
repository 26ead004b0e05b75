// One topic that `topic pub` publishes on: its type found, its messages made out of JSON or bytes.
#pragma once

#include <bus/connection.hpp>
#include <bus/publisher.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "context.hpp"
#include "message_builder.hpp"

namespace bus::tool {

struct TypeChoice {
    std::string type;       // "" : as the bus says; "bytes": none
    std::string proto;      // a .proto file that defines it
    std::string otherwise;  // the type where neither says one
};

/// The type of a topic: what the bus says of the topic; else `choice`, by its file, the bus, or what protobuf itself brings.
/// Errors: not_found        nobody knows the type: the hint says how to give it
///         schema_mismatch  the topic has another type than the chosen one
Result<Schema> find_schema(Connection& bus, std::string const& topic, TypeChoice const& choice);

class TopicPublisher {
public:
    /// A publish waits for options.wait_for at most, and says how things are meanwhile.
    static Result<std::unique_ptr<TopicPublisher>> open(Connection& bus, std::string const& topic, TypeChoice const& choice,
                                                        PublisherOptions options, Context const& context);

    /// Errors: those of MessageBuilder::serialize and of Publisher::publish_bytes.
    Result<void> publish_json(std::string const& json);
    Result<void> publish_bytes(std::string_view bytes);
    Result<void> wait_for_subscribers(Context const& context, std::size_t count, Duration timeout);

    /// Waits until all who are there have read everything. Those that take no part in flow control are waited for as long as they get on.
    /// Errors: timeout: names whom it waited for; cancelled.
    Result<void> wait_until_read(Context& context, Deadline deadline) const;

    std::string const& topic() const noexcept { return topic_; }
    PublisherId id() const noexcept;
    /// The most subscribers that were there when something was published.
    std::size_t audience() const noexcept { return audience_; }
    std::uint64_t published() const noexcept { return published_; }

private:
    using AnyPublisher = std::variant<Publisher<Any>, Publisher<Bytes>>;
    TopicPublisher(std::string topic, Schema schema, AnyPublisher publisher, Duration patience, Context const& context)
        : topic_(std::move(topic)), builder_(std::move(schema)), publisher_(std::move(publisher)), patience_(patience), context_(context) {}
    Result<void> publish_waiting(std::span<std::byte const> bytes);

    std::string topic_;
    MessageBuilder builder_;
    AnyPublisher publisher_;
    Duration patience_;
    Context const& context_;
    std::uint64_t published_ = 0;
    std::size_t audience_ = 0;
};

}  // namespace bus::tool
