// What `doctor` found, as text and as JSON.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "finding.hpp"

namespace bus::tool {

struct Report {
    Findings findings;
    std::vector<FoundBus> buses;
    std::vector<std::string> removed;
};

Finding finding_of(FoundBus const& bus);
/// Those that are alive: "driver[12], viewer[13]".
std::string holders_of(FoundBus const& bus);

std::string report_json(Report const& report);
/// `all`: what is good too.
std::string report_text(Report const& report, bool all);

}  // namespace bus::tool
