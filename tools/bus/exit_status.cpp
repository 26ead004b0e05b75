// Exit statuses by error code.
#include "exit_status.hpp"

namespace bus::tool {

ExitStatus exit_status(Errc code) noexcept {
    switch (code) {
        case Errc::ok:
            return ExitStatus::done;
        case Errc::timeout:
            return ExitStatus::timeout;
        case Errc::no_broker:
            return ExitStatus::no_broker;
        case Errc::not_found:
            return ExitStatus::no_such_thing;
        case Errc::not_permitted:
            return ExitStatus::not_permitted;
        case Errc::schema_mismatch:
            return ExitStatus::schema_mismatch;
        case Errc::cancelled:
            return ExitStatus::interrupted;
        default:
            return ExitStatus::error;
    }
}

}  // namespace bus::tool
