// The `bus` command: parse, run, one exit.
#include <fcntl.h>
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "nagios.hpp"

namespace {

using namespace bus::tool;

/// What the run comes to once everything is written: a reader that has gone is no error.
/// Usage errors are "unknown" for a monitor, which would take 2 for something else.
ExitStatus conclude(Context& context, bus::Result<ExitStatus> const& done, bool for_monitor) {
    auto const written = context.out.flush();
    if (context.out.reader_gone()) return ExitStatus::done;
    auto const failed = [&](bus::Error const& error) {
        if (error != bus::Errc::cancelled) print_error(error, context.json);
        if (is_usage_error(error)) return for_monitor ? static_cast<ExitStatus>(NagiosStatus::unknown) : ExitStatus::usage;
        return exit_status(error.code());
    };
    if (!done) return failed(done.error());
    if (!written) return failed(written.error());
    return *done;
}

bus::Result<ExitStatus> run(Context& context, std::vector<std::string> arguments) {
    auto command = parse_command_line(std::move(arguments), context);
    if (!command) return command.error();
    if (command->verb) return command->verb->run(context);
    if (auto written = context.out.write(command->help); !written) return written.error();
    return ExitStatus::done;
}

/// What we open must not become one of the three that everybody writes to: a closed one is taken by something that can't be used so.
void take_standard_descriptors() {
    for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int main(int argc, char** argv) {
    take_standard_descriptors();
    (void)std::setlocale(LC_CTYPE, "C.UTF-8");  // for the widths of characters alone; numbers stay as they are everywhere
    std::vector<std::string> arguments(argv + 1, argv + argc);
    Context context;
    context.json = wants_json(arguments);
    catch_interrupts();
    google::protobuf::SetLogHandler(nullptr);  // what it has to say comes back as an Error
    bool const for_monitor = wants_nagios(arguments);
    auto const done = run(context, std::move(arguments));
    return static_cast<int>(conclude(context, done, for_monitor));
}
