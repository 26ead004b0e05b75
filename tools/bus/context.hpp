// What every verb is given: the options that stand everywhere, and where to write.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "output.hpp"

namespace bus::tool {

struct Context {
    std::string bus;  // empty: $BUS_NAME, else "default"
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    std::optional<std::chrono::nanoseconds> timeout;
    Output out;

    /// A sentence for people, on stderr; nothing with --quiet.
    void note(std::string const& text) const;
    /// A detail for people, on stderr; only with --verbose.
    void detail(std::string const& text) const;
};

}  // namespace bus::tool
