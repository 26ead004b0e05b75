// Help, made from the table of verbs.
#include "help.hpp"

#include <algorithm>

namespace bus::tool {
namespace {

std::string verb_line(VerbEntry const& entry) {
    constexpr std::size_t kWidth = 20;
    auto const name = command_name(entry);
    return "  " + name + std::string(name.size() < kWidth ? kWidth - name.size() : 1, ' ') + " " + std::string(entry.summary) + "\n";
}

}  // namespace

std::string command_name(VerbEntry const& entry) {
    std::string name = "bus";
    if (!entry.noun.empty()) name += " " + std::string(entry.noun);
    if (!entry.name.empty()) name += " " + std::string(entry.name);
    return name;
}

std::string overview() {
    std::string text = "What is on the bus, and what goes through it.\n\n";
    for (auto const* entry : verbs()) text += verb_line(*entry);
    return text +
           "\nEverywhere, before or after the verb: --bus NAME  --json  -t/--timeout TIME  -q/--quiet  -v/--verbose  -h/--help\n"
           "A TOPIC is a name or a quoted pattern: '*' is one part, '**' any number. Times: 500ms, 2s, 1m30s. Bytes: 64K, 6M.\n"
           "Exit status: 0 done, 1 error, 2 usage, 3 no such thing, 4 no broker, 5 not permitted, 6 schema mismatch, 124 timeout,\n"
           "130 interrupted.\n";
}

std::string noun_help(std::string_view noun) {
    std::string text(noun_summary(noun));
    text += "\n\n";
    for (auto const* entry : verbs()) {
        if (entry->noun == noun) text += verb_line(*entry);
    }
    return text + "\n`bus " + std::string(noun) + " VERB --help` says more of each.\n";
}

std::string version_line() { return "bus " BUS_VERSION "\n"; }

}  // namespace bus::tool
