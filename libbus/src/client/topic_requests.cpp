// Requests to busd, filled in.
#include "client/topic_requests.hpp"

namespace bus::client {

namespace {

void fill(v1::Type& to, Schema const& schema) {
    auto const set = schema.descriptor_set();
    to.set_name(schema.type());
    to.set_descriptor_set(set.data(), set.size());
}

}  // namespace

Result<Schema> schema_of(detail::PayloadType const& type, std::optional<Schema> const& given) {
    using Kind = detail::PayloadType::Kind;
    if (given && type.kind != Kind::any) return Error(Errc::invalid, "PublisherOptions::schema is for Publisher<Any>", "leave it out");
    switch (type.kind) {
        case Kind::proto:
            return Schema::of(*type.prototype->GetDescriptor());
        case Kind::plain:
            return Schema::from(type.name, {});
        case Kind::bytes:
            return Schema();
        case Kind::any:
            break;
    }
    if (given) return *given;
    return Error(Errc::invalid, "a Publisher<Any> needs to know what it publishes", "set PublisherOptions::schema");
}

v1::Request create_publisher(std::string_view topic, PublisherOptions const& options, Schema const& schema, shm::Lineage lineage) {
    v1::Request request;
    auto& create = *request.mutable_create_publisher();
    create.set_topic(topic.data(), topic.size());
    fill(*create.mutable_type(), schema);
    create.set_ring_bytes(options.ring_bytes);
    create.set_history(options.history);
    create.set_retain(options.retain);
    create.set_when_full(static_cast<std::uint32_t>(options.when_full));
    create.set_huge_pages(options.huge_pages);
    create.set_lineage(lineage.id);
    create.set_numbered_before(lineage.numbered_before);
    create.set_carried(lineage.carried);
    return request;
}

v1::Request remove_publisher(PublisherId id) {
    v1::Request request;
    request.mutable_remove_publisher()->set_ring_id(id);
    return request;
}

v1::Request create_subscription(std::string_view pattern, shm::ReaderKind kind, Schema const& schema, bool any) {
    v1::Request request;
    auto& create = *request.mutable_create_subscription();
    create.set_pattern(pattern.data(), pattern.size());
    fill(*create.mutable_type(), schema);
    create.set_any(any);
    create.set_kind(static_cast<std::uint32_t>(kind));
    return request;
}

v1::Request remove_subscription(std::uint64_t subscription_id) {
    v1::Request request;
    request.mutable_remove_subscription()->set_subscription_id(subscription_id);
    return request;
}

v1::Request detach_ring(std::uint64_t subscription_id, std::uint64_t ring_id, std::uint64_t lost) {
    v1::Request request;
    auto& detach = *request.mutable_detach_ring();
    detach.set_subscription_id(subscription_id);
    detach.set_ring_id(ring_id);
    detach.set_lost(lost);
    return request;
}

v1::Request evict_client(std::uint64_t session_id) {
    v1::Request request;
    request.mutable_evict_client()->set_session_id(session_id);
    return request;
}

v1::Request remove_topic(std::string_view name) {
    v1::Request request;
    request.mutable_remove_topic()->set_topic(name.data(), name.size());
    return request;
}

}  // namespace bus::client
