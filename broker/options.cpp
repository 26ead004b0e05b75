// The command line, by CLI11.
#include "options.hpp"

#include <CLI/CLI.hpp>

namespace bus::broker {

Options parse_options(int argc, char** argv) {
    Options options;
    bool stop = false;
    CLI::App app("Serves a bus: makes its objects, admits clients, cleans up after the dead.", "busd");
    app.set_version_flag("--version", "busd " BUS_VERSION);
    app.add_option("--bus", options.bus, "Name of the bus (else $BUS_NAME, else 'default')")->type_name("NAME");
    app.add_option("--config", options.config, "Who may do what, and how much (busd.toml)")->type_name("FILE");
    auto* const detach = app.add_flag("--detach", options.detach, "Return when it serves; it goes on in the background");
    app.add_flag("--stop", stop, "End the busd that serves this bus, and return when it has ended")->excludes(detach);
    app.footer(
        "Signals: SIGTERM, SIGINT end the bus and leave nothing; SIGQUIT leaves everything for the next busd;\n"
        "SIGHUP reads the configuration again; SIGUSR1 writes the state to stderr.\n"
        "Exit status: 0 ended in order, 1 error, 2 wrong usage, 4 (--stop) there is no busd,\n5 (--stop) it is another user's.");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        options.action = Action::leave;
        options.status = app.exit(error) == 0 ? 0 : 2;
        return options;
    }
    if (stop) options.action = Action::stop;
    return options;
}

}  // namespace bus::broker
