// Any, and where its type comes from.
#include "client/type_source.hpp"

#include <google/protobuf/message.h>

#include <bus/payload.hpp>
#include <climits>
#include <vector>

#include "client/core.hpp"

namespace bus {

namespace client {

TypeSource::TypeSource(std::shared_ptr<Core> core, std::string type, std::uint32_t schema)
    : type_(std::move(type)), schema_index_(schema), core_(std::move(core)) {
    if (schema == shm::kNil) return;
    if (auto const entry = core_->bus->directory().snapshot<shm::SchemaEntry>(schema)) schema_hash_ = (*entry)->hash;
}

Result<Schema> TypeSource::load() const {
    if (schema_index_ == shm::kNil) return Schema::from(type_, {});
    auto const entry = core_->bus->directory().snapshot<shm::SchemaEntry>(schema_index_);
    if (!entry) return entry.error();
    if (!entry->in_use() || (*entry)->hash != schema_hash_)
        return Error(Errc::not_found, "the schema of " + type_ + " is not on the bus any more");
    auto const segment = core_->segments.read((*entry)->segment, shm::SegmentKind::schemas);
    if (!segment) return segment.error();
    auto const all = (*segment)->bytes();
    auto const offset = (*entry)->offset;
    auto const bytes = (*entry)->bytes;
    if (offset > all.size() || bytes > all.size() - offset)
        return Error(Errc::invalid, "the schema of " + type_ + " reaches beyond its segment");
    std::vector<std::byte> const copy(all.begin() + static_cast<std::ptrdiff_t>(offset),
                                      all.begin() + static_cast<std::ptrdiff_t>(offset + bytes));
    return Schema::from(type_, copy);
}

Result<Schema> TypeSource::schema() const {
    std::lock_guard const lock(mutex_);
    if (schema_) return *schema_;
    if (core_->in_child()) return Core::closed_by_fork();
    auto loaded = load();
    if (!loaded) return loaded;
    schema_ = *loaded;
    core_.reset();
    return loaded;
}

}  // namespace client

std::string_view Any::type() const { return source_ ? std::string_view(source_->type()) : std::string_view(); }

Schema Any::schema() const {
    if (!source_) return {};
    auto schema = source_->schema();
    return schema ? *schema : Schema();
}

google::protobuf::Descriptor const* Any::descriptor() const { return schema().descriptor(); }

Result<std::shared_ptr<google::protobuf::Message const>> Any::dynamic() const {
    if (!source_) return Error(Errc::invalid, "an empty Any has no type");
    auto const schema = source_->schema();
    if (!schema) return schema.error();
    return schema->decode(bytes_);
}

Result<std::string> Any::json() const {
    if (!source_) return Error(Errc::invalid, "an empty Any has no type");
    auto const schema = source_->schema();
    if (!schema) return schema.error();
    return schema->json(bytes_);
}

Result<void> Any::parse_into(google::protobuf::Message& message) const {
    auto const& wanted = message.GetDescriptor()->full_name();
    if (type() != wanted)
        return Error("a message of type " + std::string(type().empty() ? "bytes" : type()) + " was asked for as " + wanted,
                     SchemaDifference{.ours = wanted, .theirs = std::string(type()), .changes = {}});
    if (bytes_.size() <= INT_MAX && message.ParseFromArray(bytes_.data(), static_cast<int>(bytes_.size()))) return {};
    return Error(Errc::invalid, "a message of type " + wanted + " of " + std::to_string(bytes_.size()) + " bytes does not parse");
}

}  // namespace bus
