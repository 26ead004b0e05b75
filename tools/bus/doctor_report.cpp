// What `doctor` found.
#include "doctor_report.hpp"

#include <algorithm>

#include "errors.hpp"
#include "json_writer.hpp"
#include "object_json.hpp"
#include "topic_json.hpp"

namespace bus::tool {
namespace {

std::string_view name_of(FoundBus::State state) {
    switch (state) {
        case FoundBus::State::serving:
            return "serving";
        case FoundBus::State::dead:
            return "dead";
        case FoundBus::State::elsewhere:
            return "elsewhere";
        case FoundBus::State::empty:
            return "empty";
    }
    return "unknown";
}

std::string_view name_of(Finding::Grade grade) {
    switch (grade) {
        case Finding::Grade::good:
            return "good";
        case Finding::Grade::note:
            return "note";
        case Finding::Grade::mend:
            return "mend";
    }
    return "unknown";
}

}  // namespace

std::string holders_of(FoundBus const& bus) {
    std::string names;
    for (auto const& holder : bus.holders) names += (names.empty() ? "" : ", ") + shown_client(holder);
    return names;
}

Finding finding_of(FoundBus const& bus) {
    auto const who = "bus '" + bus.bus + "' in " + bus.folder;
    auto const objects = std::to_string(bus.objects.size()) + " objects";
    switch (bus.state) {
        case FoundBus::State::serving:
            return {Finding::Grade::good, "bus", who + " is served by busd (pid " + std::to_string(bus.broker_pid) + "), " + objects};
        case FoundBus::State::empty:
            return {Finding::Grade::good, "bus", who + " has ended; nothing is left of it"};
        case FoundBus::State::elsewhere:
            return {Finding::Grade::mend, "bus", who + " belongs to another IPC namespace or an earlier boot",
                    "look at it from there; if that is gone: rm -r " + bus.folder};
        case FoundBus::State::dead:
            break;
    }
    auto what = who + ": busd (pid " + std::to_string(bus.broker_pid) + ") is dead and left " + objects;
    if (bus.holders.empty())
        return {Finding::Grade::mend, "bus", what, "bus doctor --clean, or go on with: busd --bus " + bus.bus + " --detach"};
    return {Finding::Grade::mend, "bus", what + "; clients that are alive: " + holders_of(bus),
            "busd --bus " + bus.bus + " --detach takes it over"};
}

std::string report_json(Report const& report) {
    JsonWriter json;
    json.object().key("findings").array();
    for (auto const& finding : report.findings) {
        json.object().member("check", finding.check).member("grade", name_of(finding.grade)).member("what", finding.what);
        json.member("hint", finding.hint).end_object();
    }
    json.end_array().key("buses").array();
    for (auto const& bus : report.buses) {
        json.object().member("bus", bus.bus).member("folder", bus.folder).member("state", name_of(bus.state));
        json.member("broker_pid", bus.broker_pid).member("uid", bus.uid).key("objects").array();
        for (auto const& object : bus.objects) add_object(json, object);
        json.end_array().key("clients").array();
        for (auto const& holder : bus.holders)
            json.object().member("name", holder.name).member("pid", holder.pid).member("uid", holder.uid).end_object();
        json.end_array().end_object();
    }
    json.end_array().key("removed").array();
    for (auto const& line : report.removed) json.value(line);
    return json.end_array().end_object().take() + "\n";
}

std::string report_text(Report const& report, bool all) {
    std::string text;
    for (auto const& line : report.removed) text += "removed  " + line + "\n";
    for (auto const& finding : report.findings) {
        if (finding.grade == Finding::Grade::good && !all) continue;
        text += std::string(name_of(finding.grade)) + "  " + finding.check + ": " + printable(finding.what) + "\n";
        if (!finding.hint.empty()) text += "      " + printable(finding.hint) + "\n";
    }
    bool const mend =
        std::any_of(report.findings.begin(), report.findings.end(), [](auto const& f) { return f.grade == Finding::Grade::mend; });
    return mend ? text : text + "nothing to mend\n";
}

}  // namespace bus::tool
