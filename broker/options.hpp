// The command line of busd.
#pragma once

#include <string>

namespace bus::broker {

enum class Action { serve, stop, leave };  // leave: all is said (help, version, wrong usage)

struct Options {
    Action action = Action::serve;
    int status = 0;  // for leave
    std::string bus;
    std::string config;
    bool detach = false;
};

/// Prints help, version and what is wrong with the usage itself.
Options parse_options(int argc, char** argv);

}  // namespace bus::broker
