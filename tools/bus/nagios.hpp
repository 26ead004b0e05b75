// `doctor --nagios`: one line and a status, as monitors of that family want them (the plugins' guidelines).
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "finding.hpp"

namespace bus::tool {

enum class NagiosStatus : int { ok = 0, warning = 1, critical = 2, unknown = 3 };

struct NagiosLine {
    NagiosStatus status;
    std::string text;  // without the end of line
};

/// critical: a bus that has lost its broker; warning: anything else that is to mend.
NagiosLine nagios_line(Findings const& findings, std::vector<FoundBus> const& buses);
/// Nothing could be looked at.
NagiosLine nagios_line(Error const& error);

}  // namespace bus::tool
