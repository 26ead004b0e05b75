// The pages of `bus help PAGE`.
#include "help_pages.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace bus::tool {
namespace {

constexpr std::string_view kTopics =
    "A topic is named by a path: parts of letters, digits, '-', '_' and '.', with '/' between them, at most 255 bytes in all.\n"
    "\n"
    "  robot/arm-1/pose\n"
    "\n"
    "Where a verb takes a TOPIC it takes a pattern too, and several of them. '*' is one part, '**' any number of parts, none too. "
    "Quote them: the shell knows '*' as well. What several patterns mean is shown once; -x/--exclude takes some away.\n"
    "\n"
    "  bus topic ls 'robot/**' weather/today\n"
    "  bus topic echo '**' -x 'camera/**'\n"
    "\n"
    "Names that begin with '$bus/' are the bus's own, and no pattern means them that does not begin so. Single quotes keep the shell "
    "from reading '$bus'; for the events there is `bus events`.\n"
    "\n"
    "Verbs that listen (echo, hz, bw, delay) wait for topics that are not there yet, and say so; --existing makes that status 3. They "
    "attach read-only, as observers: they slow nobody down, take no part in flow control, and say when they lost messages themselves. "
    "`echo --reliable` does take part.\n";

constexpr std::string_view kValues =
    "Times are numbers with a unit, or several of them: 500ms, 2s, 1m30s, 1h. A number alone is seconds. Units: ns, us, ms, s, m, h.\n"
    "\n"
    "Bytes are numbers, with K, M or G for 1024, 1024*1024 and so on: 64K, 6M.\n"
    "\n"
    "-n/--count N ends after N (--once: after 1), -d/--duration T ends after T; both are done then, status 0. -t/--timeout T is the "
    "longest wait for what was asked; then the status is 124.\n"
    "\n"
    "A client is given by its number (`bus client ls` shows it), by its name if it is the only one of that name, or as NAME[PID].\n"
    "\n"
    "Messages are protobuf's own JSON, with the field names of the .proto. 64-bit integers are strings there, well-known types have "
    "their own form (a StringValue is \"hi\"), bytes are base64.\n";

constexpr std::string_view kJson =
    "--json writes one document for lists and one object a line for streams, each line as soon as it is there. Fields are only ever "
    "added. Numbers of the bus are JSON numbers, times are RFC 3339 in UTC with nanoseconds, spans of time are seconds.\n"
    "\n"
    "Errors are one line on stderr:\n"
    "\n"
    "  {\"error\":{\"code\":\"not_found\",\"what\":\"...\",\"hint\":\"...\"}}\n"
    "\n"
    "Lines of `bus topic echo --json` can be published again:\n"
    "\n"
    "  bus topic echo robot/pose --json | jq -c --unbuffered 'select(.lost == 0)' | bus topic pub --stdin\n"
    "\n"
    "docs/json.md lists the fields of each verb.\n";

constexpr std::string_view kStatus =
    "Every verb ends with one of these:\n"
    "\n"
    "    0  done\n"
    "    1  error; `bus lost`: something was lost; `bus doctor`: something is to mend\n"
    "    2  wrong usage; nothing was done\n"
    "    3  no such topic, type or client\n"
    "    4  no broker\n"
    "    5  not permitted\n"
    "    6  the types do not fit\n"
    "  124  it took longer than -t/--timeout\n"
    "  130  interrupted before it was done\n"
    "\n"
    "Ctrl-C is the ordinary end of what runs until it is stopped (echo, hz, bw, delay, events, dump -m, metrics --listen; without -n and "
    "-d): status 0. So is a reader of standard output that goes away.\n"
    "\n"
    "`bus session` ends with the status of its command. `bus doctor --nagios` ends with 0, 1, 2 or 3, as monitors want it.\n";

constexpr std::string_view kBuses =
    "A bus has a name, 'default' unless --bus or $BUS_NAME say another one: letters, digits, '-', '_' and '.', at most 64. Several run "
    "side by side. One broker, busd, serves each.\n"
    "\n"
    "The bus is found by its runtime folder: $BUS_RUNTIME_DIR/NAME if that is set; else $XDG_RUNTIME_DIR/bus/NAME, or /tmp/bus-UID/NAME "
    "where that variable is unset or D-Bus has its socket there, and then /run/bus/NAME, where the busd of root or of the system user "
    "serves.\n"
    "\n"
    "  busd --detach            serve the bus; returns when it is ready\n"
    "  busd --stop              end it\n"
    "  bus                      who serves it, and how much is on it\n"
    "  bus doctor               all buses found from here, and what is wrong with them\n"
    "  bus session -- make test run a command on a bus of its own\n"
    "\n"
    "Containers share a bus if they share the runtime folder and the IPC namespace.\n";

constexpr std::string_view kConditions =
    "--where takes a condition on the message's fields; only messages for which it holds are shown.\n"
    "\n"
    "  x > 3                              a field; numbers of any type compare as numbers\n"
    "  position.x <= -1.5 && valid        fields of fields; a bool may stand alone\n"
    "  name == 'arm-1' || name =~ '^leg'  texts in quotes; =~ and !~ search a regular expression (RE2)\n"
    "  state == RUNNING                   an enum's value by its name or number\n"
    "  points.0.x > 0 or tags.a == 1      elements of lists by number, of maps by key\n"
    "  !(error) and size(points) >= 3     not, and, or, parentheses; size of a list, map, text or bytes\n"
    "  has(position)                      whether a field is set\n"
    "\n"
    "Operators: == != < <= > >= =~ !~, && (and), || (or), ! (not). A comparison with a value that is not there (an element beyond the "
    "list's end, a field of a message that is not set) does not hold, but for != and !~.\n"
    "\n"
    "A field that the type does not have is wrong usage (2) for a topic given by name; topics of a pattern that lack it are left out, "
    "which is said once a type. A condition is at most 4096 bytes long and 64 levels deep.\n";

constexpr std::array kPages{
    HelpPage{"topics", "Names of topics, patterns, and what observers are", kTopics},
    HelpPage{"values", "Times, sizes, counts, clients and messages, as the verbs take them", kValues},
    HelpPage{"json", "What --json writes", kJson},
    HelpPage{"conditions", "The conditions of --where", kConditions},
    HelpPage{"status", "The exit statuses", kStatus},
    HelpPage{"buses", "How a bus is found, served and left", kBuses},
};

}  // namespace

std::span<HelpPage const> help_pages() { return kPages; }

HelpPage const* find_help_page(std::string_view name) {
    auto const same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    auto const found = std::ranges::find_if(kPages, [&](auto const& page) { return std::ranges::equal(page.name, name, same); });
    return found == kPages.end() ? nullptr : &*found;
}

}  // namespace bus::tool
