// What is asked of busd for publishers and subscribers, and the types that go with it.
#pragma once

#include <bus/options.hpp>
#include <bus/payload.hpp>
#include <bus/schema.hpp>
#include <string_view>

#include "bus/v1/control.pb.h"
#include "shm/directory_layout.hpp"
#include "shm/ring_format.hpp"

namespace bus::client {

/// The schema a T has, or was given in the options (Any). Errors: invalid: Publisher<Any> without a schema, or another T with one;
/// those of Schema::of.
Result<Schema> schema_of(detail::PayloadType const& type, std::optional<Schema> const& given);

/// `lineage`: of a publisher that comes back.
v1::Request create_publisher(std::string_view topic, PublisherOptions const& options, Schema const& schema, shm::Lineage lineage);
v1::Request remove_publisher(PublisherId id);
v1::Request create_subscription(std::string_view pattern, shm::ReaderKind kind, Schema const& schema, bool any);
v1::Request remove_subscription(std::uint64_t subscription_id);
v1::Request detach_ring(std::uint64_t subscription_id, std::uint64_t ring_id, std::uint64_t lost);
v1::Request evict_client(std::uint64_t session_id);
v1::Request remove_topic(std::string_view name);

}  // namespace bus::client
