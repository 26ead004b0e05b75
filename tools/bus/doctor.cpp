// bus doctor: what is wrong with this host or was left behind, and how to mend it.
#include <algorithm>

#include <bus/introspect.hpp>

#include "connect.hpp"
#include "errors.hpp"
#include "finding.hpp"
#include "json_writer.hpp"
#include "object_json.hpp"
#include "topic_json.hpp"
#include "verbs.hpp"

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

struct Report {
    Findings findings;
    std::vector<FoundBus> buses;
    std::vector<std::string> removed;
};

std::string as_json(Report const& report) {
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

std::string as_text(Report const& report, bool all) {
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

class Doctor final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.flag("--clean", clean_, "Remove what dead buses left behind; refused while a client is alive there");
    }

    Result<ExitStatus> run(Context& context) override {
        Report report;
        check_limits(report.findings);
        check_host(report.findings);
        auto buses = look(context);
        if (!buses) return buses.error();
        report.buses = std::move(*buses);
        if (clean_) {
            if (auto cleaned = clean(report); !cleaned) return cleaned.error();
            if (auto again = look(context)) report.buses = std::move(*again);
        }
        for (auto const& bus : report.buses) report.findings.push_back(finding_of(bus));
        auto const text = context.json ? as_json(report) : as_text(report, context.verbose);
        if (auto written = context.out.write(text); !written) return written.error();
        bool const mend =
            std::any_of(report.findings.begin(), report.findings.end(), [](auto const& f) { return f.grade == Finding::Grade::mend; });
        return mend ? ExitStatus::error : ExitStatus::done;
    }

private:
    /// All buses there are, or the one that --bus names.
    static Result<std::vector<FoundBus>> look(Context const& context) {
        auto buses = find_buses(connection_options(context));
        if (buses && !context.bus.empty()) std::erase_if(*buses, [&](FoundBus const& bus) { return bus.bus != context.bus; });
        return buses;
    }

    /// All that can be removed, or nothing: first it is made sure that nobody alive holds on to any of them.
    static Result<void> clean(Report& report) {
        std::string held;
        for (auto const& bus : report.buses) {
            if (bus.state == FoundBus::State::dead && !bus.holders.empty()) {
                held += (held.empty() ? "" : "; ") + ("bus '" + bus.bus + "': " + holders_of(bus));
            }
        }
        if (!held.empty()) {
            return Error(Errc::conflict, "nothing was removed: clients are alive and hold their sessions: " + held,
                         "end them, or let them go on with a new busd: busd --detach");
        }
        for (auto const& bus : report.buses) {
            if (bus.state != FoundBus::State::dead) continue;
            auto const removed = remove_left_overs(bus);
            if (!removed) return removed.error();
            report.removed.insert(report.removed.end(), removed->begin(), removed->end());
        }
        return {};
    }

    bool clean_ = false;
};

}  // namespace

VerbEntry const kDoctor{"", "doctor", "What is wrong here, and how to mend it",
                        "Looks at the kernel's limits, the login manager, the IPC namespace, and what dead buses left.\n"
                        "Status 0: nothing to mend; 1: something. -v shows what is good too.",
                        make_verb<Doctor>};

}  // namespace bus::tool
