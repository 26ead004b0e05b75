// Wiring.
#include "state.hpp"

#include "sys/process.hpp"

namespace bus::broker {

State::State(sys::Directory& own_folder, Config read_config, ObjectStore store, BusObjects bus_objects, shm::DirectoryWriter writer,
             sys::Poller own_poller)
    : folder(own_folder),
      config(std::move(read_config)),
      rules(config.rules, sys::effective_uid(), sys::effective_gid()),
      objects(std::move(store)),
      bus(std::move(bus_objects)),
      directory(writer),
      poller(std::move(own_poller)),
      ids(objects.generation()),
      users(directory, objects),
      schemas(directory, objects),
      topics(directory, ids),
      arenas(objects, config.limits.arena_bytes),
      rings(directory),
      subscriptions(directory),
      members(directory),
      events(*this) {}

}  // namespace bus::broker
