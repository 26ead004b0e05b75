// A bus as everybody may see it: its runtime folder and its directory segment, read-only. Needs no session and no living busd.
#pragma once

#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "client/segment_cache.hpp"
#include "shm/directory.hpp"
#include "sys/clock.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::client {

/// Threads: any. Its mapping is not there in a forked child: whoever uses it there must have looked at a fork guard first.
class AttachedBus {
public:
    /// The bus's name and folder path ("/run/bus/default").
    std::string const& name() const noexcept { return name_; }
    std::string const& folder() const noexcept { return folder_; }
    std::string path_of(std::string_view file) const { return folder_ + "/" + std::string(file); }

    shm::DirectoryView const& directory() const noexcept { return view_; }
    shm::DirectoryHead const& head() const noexcept { return view_.head(); }

    std::uint32_t broker_uid() const noexcept { return broker_uid_; }  // owner of the folder: creator of everything on the bus
    std::uint64_t generation() const noexcept { return view_.generation(); }
    std::uint64_t epoch() const noexcept { return view_.epoch(); }

    /// Whether a busd lives now (one system call).
    bool broker_alive() const noexcept;
    /// Waits until the busd that lives now has died. Errors: timeout (bare code).
    Result<void> wait_for_death(sys::Deadline deadline) const;
    bool is_same_as(AttachedBus const& other) const noexcept { return directory_.id() == other.directory_.id(); }
    /// The id of a lineage (shm::Lineage) whose first ring that is. Ring ids recur where a bus loses its registry; cookies don't.
    std::uint64_t lineage_from(std::uint64_t ring_id) const noexcept { return ring_id ^ head().head.cookie[0]; }
    /// Whether the bus is gone for good: stopped in order, or started anew without what was there. Such a bus never comes back.
    bool removed() const noexcept;

    AttachedBus(std::string name, std::string folder, std::uint32_t broker_uid, shm::AttachedSegment directory, shm::DirectoryView view)
        : name_(std::move(name)), folder_(std::move(folder)), broker_uid_(broker_uid), directory_(std::move(directory)), view_(view) {}

private:
    std::string name_, folder_;
    std::uint32_t broker_uid_;
    shm::AttachedSegment directory_;
    shm::DirectoryView view_;
};
using AttachedBusPtr = std::shared_ptr<AttachedBus const>;

/// no_broker with `why` and how to start one.
Error no_living_broker(AttachedBus const& bus, std::string const& why);

enum class Wanted { living, any };

/// Finds the bus and attaches its directory. `options` are resolved. With Wanted::living waits for a busd until `deadline` where one
/// has died, and not at all where there is no such bus; Wanted::any is content with what a dead one left, and does not wait.
/// Errors: no_broker      names every place looked at; or the bus lives in another IPC namespace: names both
///         conflict       another layout version: names both
///         not_permitted  the folder, or the directory, belongs to somebody it should not
Result<AttachedBusPtr> attach_bus(ConnectionOptions const& options, Wanted wanted, sys::Deadline deadline);

}  // namespace bus::client
