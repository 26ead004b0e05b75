// Introspection: what the directory says, with what rings and cursors say of themselves. Needs no session and no living busd.
//
// Directory and cursor segments are readable for all. A ring is readable only for those who may read its topic: for others its numbers
// are 0. Everything read from rings and cursors was written by other processes: it is shown and never relied upon.
#pragma once

#include <bus/introspect.hpp>
#include <bus/schema.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "client/attached_bus.hpp"
#include "client/peers.hpp"
#include "client/picture.hpp"
#include "client/segment_cache.hpp"
#include "shm/cursors.hpp"
#include "shm/registry_layout.hpp"
#include "shm/ring_view.hpp"

namespace bus::client {

/// Threads: any.
class Look {
public:
    Look(AttachedBus const& bus, SegmentCache& segments) : bus_(bus), segments_(segments), peers_(bus, segments) {}

    BusInfo info() const;
    /// Errors: invalid: the pattern.
    Result<std::vector<TopicInfo>> topics(std::string_view pattern) const;
    std::vector<ClientInfo> clients() const;
    /// Errors: not_found; invalid: the name.
    Result<TopicDetail> topic(std::string_view name) const;
    /// Errors: not_found.
    Result<ClientDetail> client(std::uint64_t id) const;
    /// Errors: invalid: the pattern.
    Result<std::vector<TopicDetail>> details(std::string_view pattern) const;
    /// Errors: invalid: the pattern.
    Result<std::vector<LossInfo>> losses(std::string_view pattern) const;
    /// The type of a topic, or the type of that name if any topic has it. Errors: not_found; those of Schema::from.
    Result<Schema> schema(std::string_view type_or_topic) const;
    /// By its place in the directory; shm::kNil: a schema that is only a name. Errors: likewise.
    Result<Schema> stored_schema(std::uint32_t index, std::string const& type) const;
    /// Errors: those of reading the registry.
    Result<std::vector<KernelObject>> objects() const;

private:
    struct Reader {
        bool attached = false;
        std::uint64_t position = 0, sequence = 0, lost = 0;
    };
    std::optional<shm::RingView> ring(shm::RingEntry const& entry, SegmentPtr& keep) const;
    Reader reader(shm::MemberEntry const& member) const;
    std::string reason(shm::MemberEntry const& member, shm::RingEntry const& entry) const;
    std::uint64_t held_by(shm::RingEntry const& entry, shm::RingView const& view) const;
    TopicInfo summary(Picture const& picture, Place<shm::TopicEntry> const& topic) const;
    TopicDetail detail(Picture const& picture, Place<shm::TopicEntry> const& topic) const;
    Identity identity(shm::SessionEntry const& session) const;
    PublisherInfo publisher(Picture const& picture, shm::RingEntry const& entry) const;
    /// Its progress on one topic; on all of them where none is given.
    SubscriberInfo subscriber(Picture const& picture, Place<shm::SubscriptionEntry> const& subscription,
                              std::optional<std::uint32_t> topic) const;
    ClientInfo client_info(Picture const& picture, Place<shm::SessionEntry> const& session) const;

    AttachedBus const& bus_;
    SegmentCache& segments_;
    Peers peers_;
};

/// What the kernel says of an object that was made.
KernelObject described(shm::RegistryRecord const& record);

}  // namespace bus::client
