// The `bus` command: parse, run, one exit.
#include <google/protobuf/stubs/logging.h>

#include <string>
#include <vector>

#include "command_line.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "interrupt.hpp"

namespace {

using namespace bus::tool;

/// What the run comes to once everything is written: a reader that has gone is no error.
ExitStatus conclude(Context& context, bus::Result<ExitStatus> const& done) {
    auto const written = context.out.flush();
    if (context.out.reader_gone()) return ExitStatus::done;
    auto const failed = [&](bus::Error const& error) {
        if (error != bus::Errc::cancelled) print_error(error, context.json);
        return is_usage_error(error) ? ExitStatus::usage : exit_status(error.code());
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

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    Context context;
    context.json = wants_json(arguments);
    catch_interrupts();
    google::protobuf::SetLogHandler(nullptr);  // what it has to say comes back as an Error
    auto const done = run(context, std::move(arguments));
    return static_cast<int>(conclude(context, done));
}
