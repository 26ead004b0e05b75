// Help, made from the table of verbs.
#include "help.hpp"

#include "help_pages.hpp"
#include "help_text.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kNameColumn = 22;

/// A name, and behind it what it is about; on a line of its own where the screen is narrow.
std::string entry_lines(std::string const& name, std::string_view about) {
    auto const width = help_width();
    auto const room = width >= 2 * kNameColumn + 16;
    auto text = "  " + name;
    auto const indent = room ? kNameColumn + 2 : std::size_t{6};
    text += room && name.size() < kNameColumn ? std::string(kNameColumn - name.size(), ' ') : "\n" + std::string(indent, ' ');
    auto words = filled(about, width, indent);
    words.erase(0, indent);  // the first line stands behind the name
    return text + words;
}

std::string verb_line(VerbEntry const& entry) { return entry_lines(command_name(entry), entry.summary); }

}  // namespace

std::string command_name(VerbEntry const& entry) {
    std::string name = "bus";
    if (!entry.noun.empty()) name += " " + std::string(entry.noun);
    if (!entry.name.empty()) name += " " + std::string(entry.name);
    return name;
}

std::string overview() {
    auto text = filled("What is on the bus, and what goes through it.", help_width()) + "\n";
    for (auto const* entry : verbs()) text += verb_line(*entry);
    text += "\n";
    for (auto const& page : help_pages()) text += entry_lines("bus help " + std::string(page.name), page.title);
    return text + "\n" +
           filled(
               "Everywhere, before or after the verb: --bus NAME, --json, -t/--timeout TIME, -q/--quiet, -v/--verbose, -h/--help.\n"
               "A TOPIC is a name or a quoted pattern: '*' is one part, '**' any number. Times: 500ms, 2s, 1m30s. Bytes: 64K, 6M.\n"
               "Exit status: 0 done, 1 error, 2 usage, 3 no such thing, 4 no broker, 5 not permitted, 6 schema mismatch, "
               "124 timeout, 130 interrupted.",
               help_width());
}

std::string noun_help(std::string_view noun) {
    auto text = filled(noun_summary(noun), help_width()) + "\n";
    for (auto const* entry : verbs()) {
        if (entry->noun == noun) text += verb_line(*entry);
    }
    return text + "\n`bus " + std::string(noun) + " VERB --help` says more of each.\n";
}

std::string version_line() { return "bus " BUS_VERSION "\n"; }

}  // namespace bus::tool
