// bus doctor: what is wrong with this host or was left behind, and how to mend it.
#include <algorithm>

#include <bus/introspect.hpp>

#include "connect.hpp"
#include "doctor_report.hpp"
#include "errors.hpp"
#include "nagios.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

class Doctor final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.flag("--clean", clean_, "Remove what dead buses left behind; refused while a client is alive there");
        options.flag("--nagios", nagios_, "One line, and status 0, 1, 2 or 3, as monitors want them");
        options.exclusive("--clean", "--nagios");
        options.exclusive("--json", "--nagios");
    }

    Result<ExitStatus> run(Context& context) override {
        Report report;
        check_limits(report.findings);
        check_host(report.findings);
        auto buses = look(context);
        if (nagios_) return tell_monitor(std::move(report), std::move(buses), context);
        if (!buses) return buses.error();
        report.buses = std::move(*buses);
        if (clean_) {
            if (auto cleaned = clean(report); !cleaned) return cleaned.error();
            if (auto again = look(context)) report.buses = std::move(*again);
        }
        for (auto const& bus : report.buses) report.findings.push_back(finding_of(bus));
        if (!context.bus.empty() && report.buses.empty() && !clean_) {
            auto const missing = no_such_bus(context);
            report.findings.push_back({Finding::Grade::mend, "bus", missing.what(), missing.hint()});
        }
        auto const text = context.json ? report_json(report) : report_text(report, context.verbose);
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

    static Error no_such_bus(Context const& context) {
        return {Errc::no_broker, "there is no bus '" + context.bus + "'", "busd --bus " + context.bus + " --detach"};
    }

    static Result<ExitStatus> tell_monitor(Report report, Result<std::vector<FoundBus>> buses, Context& context) {
        if (buses && !context.bus.empty() && buses->empty()) buses = no_such_bus(context);
        if (buses)
            for (auto const& bus : *buses) report.findings.push_back(finding_of(bus));
        auto const line = buses ? nagios_line(report.findings, *buses) : nagios_line(buses.error());
        if (auto written = context.out.line(line.text); !written) return written.error();
        return static_cast<ExitStatus>(line.status);
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

    bool clean_ = false, nagios_ = false;
};

}  // namespace

VerbEntry const kDoctor{"",
                        "doctor",
                        "What is wrong here, and how to mend it",
                        "Looks at the kernel's limits, the login manager, the IPC namespace, and what dead buses left.\n"
                        "Status 0: nothing to mend; 1: something. -v shows what is good too.\n"
                        "With --nagios: 0 OK, 1 WARNING: something is to mend, 2 CRITICAL: a bus lost its broker, 3 UNKNOWN: there is no "
                        "such bus, or it can't be looked at.",
                        make_verb<Doctor>,
                        "  bus doctor -v\n"
                        "  bus doctor --clean"};

}  // namespace bus::tool
