// One line and a status for monitors.
#include "nagios.hpp"

#include <algorithm>

#include "errors.hpp"

namespace bus::tool {
namespace {

std::string_view name_of(NagiosStatus status) {
    switch (status) {
        case NagiosStatus::ok:
            return "OK";
        case NagiosStatus::warning:
            return "WARNING";
        case NagiosStatus::critical:
            return "CRITICAL";
        case NagiosStatus::unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

/// One line: '|' begins the numbers and has no place in the words.
std::string in_words(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    std::ranges::replace(text, '|', '/');
    return printable(text);
}

std::string numbers_of(std::vector<FoundBus> const& buses) {
    auto const count = [&](FoundBus::State state) {
        return std::to_string(std::ranges::count(buses, state, [](auto const& bus) { return bus.state; }));
    };
    std::size_t objects = 0;
    for (auto const& bus : buses) objects += bus.objects.size();
    return " | serving=" + count(FoundBus::State::serving) + " dead=" + count(FoundBus::State::dead) +
           ";;0 objects=" + std::to_string(objects);
}

}  // namespace

NagiosLine nagios_line(Findings const& findings, std::vector<FoundBus> const& buses) {
    auto status = NagiosStatus::ok;
    std::string words;
    std::size_t count = 0;
    for (auto const& finding : findings) {
        if (finding.grade != Finding::Grade::mend) continue;
        status = std::max(status, NagiosStatus::warning);
        if (count++ == 0) words = finding.what;
    }
    if (auto const dead = std::ranges::find(buses, FoundBus::State::dead, &FoundBus::state); dead != buses.end()) {
        status = NagiosStatus::critical;
        words = "bus '" + dead->bus + "' has lost its broker, and " + std::to_string(dead->holders.size()) + " clients are alive";
    }
    if (count > 1) words += " (and " + std::to_string(count - 1) + " more)";
    if (status == NagiosStatus::ok) words = std::to_string(buses.size()) + " buses, nothing to mend";
    return {status, "BUS " + std::string(name_of(status)) + " - " + in_words(words) + numbers_of(buses)};
}

NagiosLine nagios_line(Error const& error) { return {NagiosStatus::unknown, "BUS UNKNOWN - " + in_words(error.what())}; }

}  // namespace bus::tool
