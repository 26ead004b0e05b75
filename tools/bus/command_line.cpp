// The only file that sees CLI11, which takes seconds to compile.
//
// One CLI11 application per run, for the one verb that was found: with CLI11's own subcommands a topic could not be named like a verb.
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bus/name.hpp>
#include <charconv>
#include <utility>

#include "errors.hpp"
#include "everywhere.hpp"
#include "help.hpp"
#include "help_pages.hpp"
#include "help_text.hpp"
#include "quantity.hpp"

namespace bus::tool {
namespace {

/// CLI11 takes "[a,b]" for a list of two. What looks like one is marked before it comes there, and stays as it was typed.
constexpr char kGuard = '\x01';
std::string guarded(std::string const& argument) {
    return argument.starts_with('[') && argument.ends_with(']') ? kGuard + argument : argument;
}
std::string unguarded(std::string const& text) { return text.starts_with(kGuard) ? text.substr(1) : text; }

/// Runs a parser of ours on an option's text, as a CLI11 callback.
template <class T, class Parse>
CLI::callback_t parsed_into(std::optional<T>& target, Parse parse) {
    return [&target, parse](CLI::results_t const& texts) {
        auto parsed = parse(texts.back());
        if (!parsed) throw CLI::ValidationError(parsed.error().what() + "; " + parsed.error().hint());
        target = *parsed;
        return true;
    };
}

Result<std::uint64_t> parse_count(std::string const& text) {
    std::uint64_t count = 0;
    auto const* const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, count);  // CLI11 would cut what is too large
    if (read.ec == std::errc() && read.ptr == end) return count;
    return Error(Errc::invalid, "'" + text + "' is no count", "write a whole number, zero or more");
}

constexpr double kSlowest = 1e-6, kFastest = 1e9;  // the time between two in nanoseconds fits an int64_t

Result<double> parse_rate(std::string const& text) {
    double rate = 0;
    if (CLI::detail::lexical_cast(text, rate) && rate >= kSlowest && rate <= kFastest) return rate;
    return Error(Errc::invalid, "'" + text + "' is no rate", "write a number of messages a second, from 1e-6 to 1e9");
}

class CliOptions final : public OptionSet {
public:
    explicit CliOptions(CLI::App& app) : app_(app) {}

    void flag(std::string const& names, bool& target, std::string const& help) override { app_.add_flag(names, target, help); }
    void flag_with_value(std::string const& names, std::string& target, std::string const& plain, std::vector<std::string> choices,
                         std::string const& help) override {
        app_.add_flag(names + "{" + plain + "}", target, help)->check(CLI::IsMember(std::move(choices)));
    }
    void text(std::string const& names, std::string& target, std::string const& help, Need need, std::string const& type) override {
        auto const take = [&target](CLI::results_t const& texts) {
            target = unguarded(texts.back());
            return true;
        };
        app_.add_option(names, take, help)->required(need == Need::required)->type_name(type)->expected(1);
    }
    void texts(std::string const& names, std::vector<std::string>& target, std::string const& help, Need need,
               std::string const& type) override {
        auto const take = [&target](CLI::results_t const& texts) {
            target.clear();
            std::ranges::transform(texts, std::back_inserter(target), unguarded);
            return true;
        };
        auto* option = app_.add_option(names, take, help)->required(need == Need::required)->type_name(type);
        option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
        if (names.starts_with('-')) option->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    void count(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) override {
        own(names, parsed_into(target, parse_count), help, "N");
    }
    void rate(std::string const& names, std::optional<double>& target, std::string const& help) override {
        own(names, parsed_into(target, parse_rate), help, "HZ");
    }
    void duration(std::string const& names, std::optional<Nanoseconds>& target, std::string const& help) override {
        own(names, parsed_into(target, parse_duration), help, "TIME");
    }
    void bytes(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) override {
        own(names, parsed_into(target, parse_bytes), help, "BYTES");
    }
    void exclusive(std::string const& one, std::string const& other) override { app_.get_option(one)->excludes(app_.get_option(other)); }

private:
    void own(std::string const& names, CLI::callback_t callback, std::string const& help, char const* type) {
        app_.add_option(names, std::move(callback), help)->type_name(type)->expected(1);
    }

    CLI::App& app_;
};

/// How many arguments the option at `at` takes in all if it is one that stands everywhere; 1 for others.
std::size_t option_length(std::vector<std::string> const& arguments, std::size_t at) {
    auto const& text = arguments[at];
    if (text == "--bus" || text == "--timeout") return 2;
    if (text.starts_with("--")) return 1;
    auto const t = text.find('t');  // -t 5, -qt 5; but -t5
    return t != std::string::npos && t + 1 == text.size() ? 2 : 1;
}

/// Takes the next argument that is no option out of the list; empty where there is none.
std::string take_word(std::vector<std::string>& arguments, std::size_t& at) {
    while (at < arguments.size()) {
        auto const& text = arguments[at];
        if (text == "--") return {};
        if (text.size() < 2 || text[0] != '-') {
            auto word = text;
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(at));
            return word;
        }
        at += option_length(arguments, at);
    }
    return {};
}

bool is_noun_or_verb(std::string_view word) {
    return std::ranges::any_of(verbs(),
                               [&](auto const* entry) { return entry->noun == word || (entry->noun.empty() && entry->name == word); });
}

VerbEntry const* find(std::string_view noun, std::string_view name) {
    for (auto const* entry : verbs()) {
        if (entry->noun == noun && entry->name == name) return entry;
    }
    return nullptr;
}

bool has_any(std::vector<std::string> const& arguments, std::initializer_list<std::string_view> words) {
    auto const end = std::find(arguments.begin(), arguments.end(), "--");
    return std::any_of(arguments.begin(), end, [&](auto const& a) { return std::find(words.begin(), words.end(), a) != words.end(); });
}

Result<CommandLine> parse_verb(VerbEntry const& entry, std::vector<std::string> arguments, Context& context) {
    auto const name = command_name(entry);
    CLI::App app(std::string(entry.summary), name);
    CommandLine command{entry.make(), {}};
    CliOptions options(app);
    declare_everywhere(options, context);
    command.verb->declare(options);
    app.set_help_flag("-h,--help");
    std::ranges::transform(arguments, arguments.begin(), guarded);
    std::reverse(arguments.begin(), arguments.end());
    try {
        app.parse(arguments);
    } catch (CLI::CallForHelp const&) {
        command.help = entry.noun.empty() && entry.name.empty() ? overview() : verb_help(entry);
        command.verb.reset();
    } catch (CLI::ParseError const& error) {
        return usage_error(name + ": " + error.what(), "`" + name + " --help` lists what it takes");
    }
    if (!context.bus.empty()) {
        if (auto good = check_bus_name(context.bus); !good) return usage_error(good.error().what(), good.error().hint());
    }
    return command;
}

/// `bus help topic echo` is `bus topic echo --help`.
Result<CommandLine> help_for(std::vector<std::string> arguments, Context& context) {
    std::size_t at = 0;
    auto rest = arguments;
    auto const word = take_word(rest, at);
    if (word == "help") return CommandLine{nullptr, overview()};
    if (auto const* page = find_help_page(word)) return CommandLine{nullptr, page_text(*page)};
    if (!word.empty() && !is_noun_or_verb(word))
        return usage_error("there is no help on '" + word + "'", "`bus help` lists the verbs and the pages");
    arguments.insert(arguments.begin(), "--help");
    return parse_command_line(std::move(arguments), context);
}

}  // namespace

bool wants_json(std::vector<std::string> const& arguments) { return has_any(arguments, {"--json"}); }
bool wants_nagios(std::vector<std::string> const& arguments) { return has_any(arguments, {"--nagios"}); }

Result<CommandLine> parse_command_line(std::vector<std::string> arguments, Context& context) {
    std::size_t at = 0;
    auto const first = take_word(arguments, at);
    if (first.empty() && has_any(arguments, {"--version"})) return CommandLine{nullptr, version_line()};
    if (auto const* lone = find("", first)) return parse_verb(*lone, std::move(arguments), context);
    if (first == "help") return help_for(std::move(arguments), context);
    if (noun_summary(first).empty()) return usage_error("there is no '" + first + "'", "`bus --help` lists the verbs");
    auto const second = take_word(arguments, at);
    if (second.empty()) {
        if (has_any(arguments, {"-h", "--help"})) return CommandLine{nullptr, noun_help(first)};
        return usage_error("`bus " + first + "` wants a verb", "`bus " + first + " --help` lists them");
    }
    if (auto const* entry = find(first, second)) return parse_verb(*entry, std::move(arguments), context);
    return usage_error("there is no `bus " + first + " " + second + "`", "`bus " + first + " --help` lists the verbs");
}

}  // namespace bus::tool
