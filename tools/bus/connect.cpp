// Connections as the verbs make them.
#include "connect.hpp"

#include <algorithm>
#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "errors.hpp"
#include "progress.hpp"
#include "quantity.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

constexpr std::chrono::milliseconds kLook{50}, kLeast{100};

Error no_successor(BusInfo const& info, Duration waited) {
    return {Errc::no_broker,
            "no broker serves bus '" + info.bus + "': its busd (pid " + std::to_string(info.broker.pid) + ") has died; waited " +
                show_duration(waited) + " for a new one",
            "start one: busd --bus " + info.bus + " --detach"};
}

}  // namespace

ConnectionOptions connection_options(Context const& context) {
    ConnectionOptions options;
    options.bus = context.bus;
    options.name = "bus";
    if (context.timeout) options.timeout = *context.timeout;
    return options;
}

Result<Connection> connect(Context& context) {
    auto options = connection_options(context);
    auto const deadline = deadline_in(options.timeout);
    for (Progress progress(context);;) {
        auto const now = std::chrono::steady_clock::now();
        auto const info = bus_info(options);
        if (!info || info->broker.alive) break;  // open() says what there is to say
        if (now >= deadline) return no_successor(*info, options.timeout);
        progress.update([&] { return "waiting for the next broker of bus '" + info->bus + "'"; });
        if (auto slept = sleep_until(context.out, std::min(deadline, now + kLook)); !slept) return slept.error();
    }
    options.timeout = std::max<Duration>(deadline - std::chrono::steady_clock::now(), kLeast);
    return Connection::open(options);
}

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
