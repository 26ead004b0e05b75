// Introspection without a session: each call attaches the bus, looks, and lets go.
#include <bus/introspect.hpp>

#include "client/look.hpp"
#include "client/runtime_folder.hpp"

namespace bus {

namespace {

struct Attached {
    client::AttachedBusPtr bus;
    std::unique_ptr<client::SegmentCache> segments;
    client::Look look() const { return {*bus, *segments}; }
};

Result<Attached> attach(ConnectionOptions const& options) {
    auto const resolved = client::resolve(options);
    if (!resolved) return resolved.error();
    auto bus = client::attach_bus(*resolved, client::Wanted::any, sys::deadline_after(resolved->timeout));
    if (!bus) return bus.error();
    auto segments = std::make_unique<client::SegmentCache>((*bus)->broker_uid());
    return Attached{std::move(*bus), std::move(segments)};
}

}  // namespace

Result<BusInfo> bus_info(ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().info();
}

Result<std::vector<TopicInfo>> list_topics(std::string_view pattern, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().topics(pattern);
}

Result<std::vector<ClientInfo>> list_clients(ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().clients();
}

Result<TopicDetail> topic_detail(std::string_view topic, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().topic(topic);
}

Result<ClientDetail> client_detail(std::uint64_t client_id, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().client(client_id);
}

Result<Schema> find_schema(std::string_view type_or_topic, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().schema(type_or_topic);
}

Result<std::vector<TopicDetail>> topic_details(std::string_view pattern, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().details(pattern);
}

Result<std::vector<LossInfo>> list_losses(std::string_view pattern, ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().losses(pattern);
}

Result<std::vector<KernelObject>> kernel_objects(ConnectionOptions const& options) {
    auto const attached = attach(options);
    if (!attached) return attached.error();
    return attached->look().objects();
}

}  // namespace bus
