// Manual pages, made of the same words as the help.
#include "man_page.hpp"

#include <algorithm>

#include "help.hpp"
#include "option_list.hpp"

namespace bus::tool {
namespace {

constexpr std::string_view kDate = "2026-11-26";  // of the last change of the words

/// What troff would read as its own is escaped.
std::string escaped(std::string_view text) {
    std::string out;
    bool line_begins = true;
    for (char const c : text) {
        if (line_begins && (c == '.' || c == '\'')) out += "\\&";
        line_begins = c == '\n';
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    }
    return out;
}

std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string head(std::string const& name, int section, std::string_view about) {
    return ".TH " + in_capitals(name) + " " + std::to_string(section) + " " + std::string(kDate) + " \"bus " BUS_VERSION "\" \"bus\"\n" +
           ".SH NAME\n" + escaped(name) + " \\- " + escaped(about) + "\n";
}

std::string literal(std::string const& lines, bool first = false) {
    return lines.empty() ? std::string() : (first ? ".nf\n" : ".PP\n.nf\n") + escaped(lines) + ".fi\n";
}

/// Paragraphs of a line each; lines that begin with a blank as they are.
std::string paragraphs(std::string_view text) {
    std::string out, kept;
    bool first = true;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with(' ')) {
            kept += std::string(line) + "\n";
            continue;
        }
        out += literal(std::exchange(kept, {}), first);
        first = first && out.empty();
        if (line.empty()) continue;
        out += (first ? "" : ".PP\n") + escaped(line) + "\n";
        first = false;
    }
    return out + literal(kept, first);
}

std::string options(std::vector<OptionEntry> const& all) {
    std::string out;
    for (auto const& option : all) out += ".TP\n.B " + escaped(option.shown()) + "\n" + escaped(option.help) + "\n";
    return out;
}

/// The page on exit statuses is the one place that says what they mean.
std::string see_also(std::string_view more) {
    std::string out = ".SH SEE ALSO\n";
    out += std::string(more);
    return out + ".BR bus-status (7),\n.BR bus-topics (7),\n.BR bus-values (7),\n.BR bus-json (7),\n.BR busd (8)\n";
}

}  // namespace

std::string man_name(VerbEntry const& entry) {
    auto name = command_name(entry);
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string man_page(VerbEntry const& entry) {
    auto page = head(man_name(entry), 1, entry.summary);
    page += ".SH SYNOPSIS\n.B " + escaped(usage_of(entry)) + "\n.SH DESCRIPTION\n" + escaped(entry.summary) + ".\n";
    if (!entry.more.empty()) page += ".PP\n" + paragraphs(entry.more);
    if (auto const own = options_of(entry); !own.empty()) page += ".SH OPTIONS\n" + options(own);
    page += ".SS Everywhere\n" + options(options_everywhere());
    if (!entry.examples.empty()) page += ".SH EXAMPLES\n" + paragraphs(entry.examples);
    return page + see_also(".BR bus (1),\n");
}

std::string man_overview() {
    auto page = head("bus", 1, "what is on the bus, and what goes through it");
    page += ".SH SYNOPSIS\n.B bus\n.RI [ NOUN ]\n.I VERB\n.RI [ OPTION... ]\n.RI [ ARGUMENT... ]\n.SH DESCRIPTION\n";
    page += "A bare\n.B bus\nprints who serves the bus and how much is on it. Each verb has a page of its own.\n.SH VERBS\n";
    for (auto const* entry : verbs())
        if (!entry->name.empty()) page += ".TP\n.BR " + escaped(man_name(*entry)) + " (1)\n" + escaped(entry->summary) + "\n";
    page += ".SH OPTIONS\nBefore or after the verb:\n" + options(options_everywhere());
    page += ".SH PAGES\nWhat verbs have in common; also as\n.BR \"bus help\" .\n";
    for (auto const& one : help_pages())
        page += ".TP\n.BR " + escaped("bus-" + std::string(one.name)) + " (7)\n" + escaped(one.title) + "\n";
    page +=
        ".SH ENVIRONMENT\n.TP\n.B BUS_NAME\nThe bus, where\n.B \\-\\-bus\ndoes not say it.\n"
        ".TP\n.B BUS_RUNTIME_DIR\nWhere the runtime folders of buses are; see\n.BR bus-buses (7).\n"
        ".TP\n.B NO_COLOR\nSet to anything: no colours.\n";
    return page + see_also({});
}

std::string man_page(HelpPage const& page) {
    return head("bus-" + std::string(page.name), 7, page.title) + ".SH DESCRIPTION\n" + paragraphs(page.text) +
           ".SH SEE ALSO\n.BR bus (1)\n";
}

std::string man_file(std::string_view name, std::string_view about, std::string_view text) {
    return head(std::string(name), 5, about) +
           ".SH DESCRIPTION\nThe file as it is delivered; what is commented out is what holds without it.\n" + literal(std::string(text)) +
           ".SH SEE ALSO\n.BR busd (8)\n";
}

}  // namespace bus::tool
