// What a topic carries, for Any: its name at once, its descriptors at the first question.
#pragma once

#include <bus/schema.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace bus::client {

class Core;

/// Immutable but for what it looked up. Threads: any. Once it was asked it needs no connection any more.
class TypeSource {
public:
    /// `schema` is the index of the SchemaEntry, shm::kNil: none; made while somebody on the bus still has it.
    TypeSource(std::shared_ptr<Core> core, std::string type, std::uint32_t schema);

    std::string const& type() const noexcept { return type_; }
    /// Errors: not_found: busd has forgotten it; those of Schema::from.
    Result<Schema> schema() const;

private:
    Result<Schema> load() const;

    std::string type_;
    std::uint32_t schema_index_;
    std::uint64_t schema_hash_ = 0;  // another set may stand at that index when we are asked at last
    mutable std::mutex mutex_;
    mutable std::shared_ptr<Core> core_;  // until the schema is there
    mutable std::optional<Schema> schema_;
};

}  // namespace bus::client
