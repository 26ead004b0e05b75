// How the telemetry programs end.
#include "signals.hpp"

#include <iostream>

namespace telemetry {

int complain(bus::Error const& error) {
    if (error == bus::Errc::cancelled) return 0;  // asked to end
    std::cerr << "telemetry: " << error.what() << "\n";
    if (!error.hint().empty()) std::cerr << "           " << error.hint() << "\n";
    return 1;
}

}  // namespace telemetry
