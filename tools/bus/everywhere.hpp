// The options that stand everywhere, before or after the verb.
#pragma once

#include "context.hpp"
#include "options.hpp"

namespace bus::tool {

inline void declare_everywhere(OptionSet& options, Context& context) {
    options.text("--bus", context.bus, "The bus; else $BUS_NAME, else 'default'", Need::optional, "BUS");
    options.flag("--json", context.json, "JSON on stdout, errors as JSON on stderr");
    options.duration("-t,--timeout", context.timeout, "Longest wait for what was asked; then status 124");
    options.flag("-q,--quiet", context.quiet, "No words on stderr but errors");
    options.flag("-v,--verbose", context.verbose, "More words on stderr");
}

}  // namespace bus::tool
