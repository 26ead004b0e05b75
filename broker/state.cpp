// Wiring.
#include "state.hpp"

#include "sys/process.hpp"

namespace bus::broker {

State::State(sys::Directory& folder_, Config config_, ObjectStore objects_, BusObjects bus_, shm::DirectoryWriter directory_,
             sys::Poller poller_)
    : folder(folder_),
      config(std::move(config_)),
      rules(config.rules, sys::effective_uid(), sys::effective_gid()),
      objects(std::move(objects_)),
      bus(std::move(bus_)),
      directory(directory_),
      poller(std::move(poller_)),
      ids(objects.generation()),
      users(directory, objects),
      schemas(directory, objects),
      topics(directory, ids),
      arenas(objects, config.limits.arena_bytes),
      rings(directory),
      subscriptions(directory),
      members(directory) {}

}  // namespace bus::broker
