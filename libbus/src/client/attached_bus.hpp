// A bus as everybody may see it: its runtime folder and its directory segment, read-only. Needs no session and no living busd.
#pragma once

#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "client/segment_cache.hpp"
#include "shm/directory_layout.hpp"
#include "sys/clock.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

class AttachedBus {
public:
    /// The bus's name and folder path ("/run/bus/default").
    std::string const& name() const noexcept { return name_; }
    std::string const& folder() const noexcept { return folder_; }
    std::string path_of(std::string_view file) const { return folder_ + "/" + std::string(file); }

    /// The whole directory segment, for shm::DirectoryView; checked when it was attached. Empty in a forked child.
    std::span<std::byte const> directory_bytes() const noexcept { return directory_->bytes(); }
    shm::DirectoryHead const& head() const noexcept { return *reinterpret_cast<shm::DirectoryHead const*>(directory_->bytes().data()); }

    std::uint32_t broker_uid() const noexcept { return broker_uid_; }  // owner of the folder: creator of everything on the bus
    std::uint64_t generation() const noexcept { return head().generation.load(std::memory_order_acquire); }
    std::uint64_t epoch() const noexcept { return head().epoch.load(std::memory_order_acquire); }

    /// Whether a busd lives now (one system call).
    bool broker_alive() const noexcept;
    /// Whether the bus is gone for good: stopped in order, or started anew without what was there. Such a bus never comes back.
    bool removed() const noexcept;

    AttachedBus(std::string name, std::string folder, std::uint32_t broker_uid, SegmentPtr directory)
        : name_(std::move(name)), folder_(std::move(folder)), broker_uid_(broker_uid), directory_(std::move(directory)) {}

private:
    std::string name_, folder_;
    std::uint32_t broker_uid_;
    SegmentPtr directory_;
};
using AttachedBusPtr = std::shared_ptr<AttachedBus const>;

/// What ConnectionOptions leave empty, filled in from the environment. Errors: invalid: the bus's name or the client's.
Result<ConnectionOptions> resolve(ConnectionOptions options);

/// Finds the bus and attaches its directory. `options` are resolved. With Wanted::living waits for a busd until `deadline` where one
/// has died, and not at all where there is no such bus; Wanted::any is content with what a dead one left.
/// Errors: no_broker      names every place looked at; or the bus lives in another IPC namespace: names both
///         conflict       another layout version: names both
///         not_permitted  the folder, or the directory, belongs to somebody it should not
enum class Wanted { living, any };
Result<AttachedBusPtr> attach_bus(ConnectionOptions const& options, Wanted wanted, sys::Deadline deadline);

}  // namespace bus::client
