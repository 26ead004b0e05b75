// Which client is meant: by its number, by its name if it is the only one of it, or as NAME[PID].
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

namespace bus::tool {

/// Each once, in the order of `wanted`. Errors: not_found, conflict: several of that name: all are listed; those of list_clients().
Result<std::vector<ClientInfo>> choose_clients(std::vector<std::string> const& wanted, ConnectionOptions const& options);

}  // namespace bus::tool
