// Where a bus lives: the runtime folder, for clients (who look) and for busd (who makes it).
//
// Who owns the folder is the broker's user: all that is on the bus must have been made by that uid. So it matters that nobody else can put
// a folder there: it must belong to root, to us, or to whoever owns the folder above it, nobody else may write it, and no link is followed.
// A folder of our own under /tmp must be ours altogether: anybody could have made it before us.
#pragma once

#include <bus/connection_options.hpp>
#include <bus/error.hpp>
#include <string>
#include <vector>

#include "sys/directory.hpp"

namespace bus::client {

/// What is left empty, filled in from the environment ($BUS_NAME, $BUS_RUNTIME_DIR) and from the program's name.
/// runtime_dir stays empty where nothing says it. Errors: invalid: the bus's or the client's name, a relative runtime_dir.
Result<ConnectionOptions> resolve(ConnectionOptions options);

/// The folders to look for the bus in, in this order; `options` are resolved.
std::vector<std::string> runtime_places(ConnectionOptions const& options);

/// Opens one of these, for a client. Errors: not_found: it, or the folder it lies in, isn't there;
/// not_permitted: it belongs to somebody else, or others may write it; invalid: a link.
Result<sys::Directory> open_runtime_folder(std::string const& path);

/// Makes what is missing of the folder where this user's busd serves, and opens it, mode 0755. For busd. `options` are resolved.
/// Errors: as above.
Result<sys::Directory> make_runtime_folder(ConnectionOptions const& options);

}  // namespace bus::client
