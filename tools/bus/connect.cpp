// Connections as the verbs make them.
#include "connect.hpp"

#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "errors.hpp"

namespace bus::tool {

ConnectionOptions connection_options(Context const& context) {
    ConnectionOptions options;
    options.bus = context.bus;
    options.name = "bus";
    if (context.timeout) options.timeout = *context.timeout;
    return options;
}

Result<Connection> connect(Context const& context) { return Connection::open(connection_options(context)); }

Result<void> want_broker(Context const& context) {
    auto const info = bus_info(connection_options(context));
    if (!info) return info.error();
    if (info->broker.alive) return {};
    return Error(Errc::no_broker,
                 "bus '" + info->bus + "' has no broker: busd (pid " + std::to_string(info->broker.pid) +
                     ") is dead; what is shown is as it left it",
                 "busd --bus " + info->bus + " --detach");
}

}  // namespace bus::tool
