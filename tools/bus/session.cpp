// bus session: runs a command on a bus of its own. For CI: nothing is left afterwards, whatever the command did.
#include <bus/testing.hpp>

#include "child.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "quantity.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

class Session final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("CMD", command_, "The command and its arguments, behind --", Need::required, "CMD");
        options.text("--config", config_, "busd's configuration (busd.toml)", Need::optional, "FILE");
    }

    Result<ExitStatus> run(Context& context) override {
        try {
            testing::LocalBroker broker({.config = config_});
            auto const status = run_on(broker, context);
            for (auto const& line : broker.stop()) context.note("left over, and removed: " + line);
            return status;
        } catch (Exception const& error) {
            return error.error();
        }
    }

private:
    Result<ExitStatus> run_on(testing::LocalBroker const& broker, Context const& context) const {
        catch_all_for_child();
        auto child = Child::start(command_, broker.environment());
        if (!child && child.error().detail() != 0 && child.error() != Errc::limit) {  // the statuses of a shell
            print_error(child.error(), context.json);
            return static_cast<ExitStatus>(child.error() == Errc::not_found ? 127 : 126);
        }
        if (!child) return child.error();
        auto const deadline = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
        auto const status = child->wait(deadline);
        if (status) return static_cast<ExitStatus>(*status);
        if (status.error() != Errc::timeout) return status.error();
        child->end();
        return Error(Errc::timeout, "'" + command_.front() + "' ran longer than " + show_duration(*context.timeout) + " and was ended",
                     "a longer -t, or none");
    }

    std::vector<std::string> command_;
    std::string config_;
};

}  // namespace

VerbEntry const kSession{"",
                         "session",
                         "Runs a command on a bus of its own",
                         "Starts a busd on a fresh bus, sets BUS_NAME and BUS_RUNTIME_DIR, runs the command and ends the bus when it has "
                         "ended. The status is the command's (128 and the signal's number where a signal ended it; 127: there is no such "
                         "command). Signals go on to the command. Programs it leaves in the background lose their bus.",
                         make_verb<Session>,
                         "  bus session -- make test\n"
                         "  bus session -- sh -c 'driver & bus wait topic pose -t 5s && ./check'"};

}  // namespace bus::tool
