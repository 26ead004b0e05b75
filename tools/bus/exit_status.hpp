// Exit statuses, which scripts rely on.
#pragma once

#include <bus/error.hpp>

namespace bus::tool {

enum class ExitStatus : int {
    done = 0,
    error = 1,
    usage = 2,
    no_such_thing = 3,
    no_broker = 4,
    not_permitted = 5,
    schema_mismatch = 6,
    timeout = 124,
    interrupted = 130
};

ExitStatus exit_status(Errc code) noexcept;

}  // namespace bus::tool
