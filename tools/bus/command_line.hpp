// From arguments to a verb ready to run. The noun and the verb are found here; what stands around them is parsed by CLI11.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bus/error.hpp>

#include "verb.hpp"

namespace bus::tool {

struct CommandLine {
    std::unique_ptr<Verb> verb;  // null where there is only help to print
    std::string help;            // for stdout
};

/// Fills the context from the options that stand everywhere and the verb from its own. Errors: usage_error().
Result<CommandLine> parse_command_line(std::vector<std::string> arguments, Context& context);

/// Whether `--json` stands before any `--`: asked for before the arguments are known to be good, so that a usage error is JSON too.
bool wants_json(std::vector<std::string> const& arguments);
bool wants_nagios(std::vector<std::string> const& arguments);

}  // namespace bus::tool
