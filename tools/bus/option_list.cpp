// What a verb takes, as data.
#include "option_list.hpp"

#include "everywhere.hpp"
#include "help.hpp"

namespace bus::tool {
namespace {

using Kind = OptionEntry::Kind;

Kind kind_of(std::string const& names) { return names.starts_with('-') ? Kind::value : Kind::argument; }

}  // namespace

std::vector<std::string> OptionEntry::names_apart() const {
    std::vector<std::string> apart;
    for (std::size_t at = 0; at <= names.size();) {
        auto const comma = std::min(names.find(',', at), names.size());
        apart.push_back(names.substr(at, comma - at));
        at = comma + 1;
    }
    return apart;
}

std::string OptionEntry::shown() const {
    std::string text;
    for (auto const& name : names_apart()) text += (text.empty() ? "" : ", ") + name;
    if (kind == Kind::value) text += " " + type;
    if (kind == Kind::flag_with_value) {
        text += "[=";
        for (auto const& choice : choices) text += (text.ends_with('=') ? "" : "|") + choice;
        text += "]";
    }
    return is_argument() && many ? text + "..." : text;
}

void OptionList::flag(std::string const& names, bool& /*target*/, std::string const& help) {
    entries_.push_back({.kind = Kind::flag, .names = names, .help = help});
}

void OptionList::flag_with_value(std::string const& names, std::string& /*target*/, std::string const& /*plain*/,
                                 std::vector<std::string> choices, std::string const& help) {
    entries_.push_back({.kind = Kind::flag_with_value, .names = names, .help = help, .choices = std::move(choices)});
}

void OptionList::text(std::string const& names, std::string& /*target*/, std::string const& help, Need need, std::string const& type) {
    entries_.push_back({.kind = kind_of(names), .names = names, .type = type, .help = help, .required = need == Need::required});
}

void OptionList::texts(std::string const& names, std::vector<std::string>& /*target*/, std::string const& help, Need need,
                       std::string const& type) {
    entries_.push_back(
        {.kind = kind_of(names), .names = names, .type = type, .help = help, .required = need == Need::required, .many = true});
}

void OptionList::count(std::string const& names, std::optional<std::uint64_t>& /*target*/, std::string const& help) {
    entries_.push_back({.kind = Kind::value, .names = names, .type = "N", .help = help});
}

void OptionList::rate(std::string const& names, std::optional<double>& /*target*/, std::string const& help) {
    entries_.push_back({.kind = Kind::value, .names = names, .type = "HZ", .help = help});
}

void OptionList::duration(std::string const& names, std::optional<Nanoseconds>& /*target*/, std::string const& help) {
    entries_.push_back({.kind = Kind::value, .names = names, .type = "TIME", .help = help});
}

void OptionList::bytes(std::string const& names, std::optional<std::uint64_t>& /*target*/, std::string const& help) {
    entries_.push_back({.kind = Kind::value, .names = names, .type = "BYTES", .help = help});
}

std::vector<OptionEntry> options_of(VerbEntry const& entry) {
    OptionList list;
    entry.make()->declare(list);
    return list.entries();
}

std::vector<OptionEntry> options_everywhere() {
    OptionList list;
    Context context;
    declare_everywhere(list, context);
    bool help = false;
    list.flag("-h,--help", help, "This text");
    return list.entries();
}

std::string usage_of(VerbEntry const& entry) {
    auto text = command_name(entry) + " [OPTION...]";
    for (auto const& option : options_of(entry)) {
        if (!option.is_argument()) continue;
        auto const shown = (option.names == "CMD" ? "-- " : "") + option.shown();
        text += option.required ? " " + shown : " [" + shown + "]";
    }
    return text;
}

}  // namespace bus::tool
