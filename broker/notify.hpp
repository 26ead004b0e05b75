// Tells a service manager how we are, where one asks ($NOTIFY_SOCKET). Nobody asking is no error.
#pragma once

#include <string_view>

namespace bus::broker {

/// "READY=1", "STOPPING=1", "RELOADING=1\n...". Never waits.
void notify_manager(std::string_view state) noexcept;

}  // namespace bus::broker
