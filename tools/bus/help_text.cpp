// Help as text that fits.
#include "help_text.hpp"

#include <algorithm>

#include "help.hpp"
#include "option_list.hpp"
#include "output.hpp"
#include "table.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kUsual = 80, kWidest = 110, kNarrowest = 30;
constexpr std::size_t kOptionColumn = 26;  // where the words on an option begin, if there is room

/// The words of `text` in lines of at most `width`, every line but the first behind `indent` blanks.
std::string filled_words(std::string_view text, std::size_t width, std::size_t indent, std::size_t column) {
    std::string lines;
    bool first = true;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find(' ', at), text.size());
        auto const word = text.substr(at, end - at);
        at = end + 1;
        if (word.empty()) continue;
        if (!first && column + 1 + columns_of(word) > width) {
            lines += "\n" + std::string(indent, ' ');
            column = indent;
            first = true;
        }
        if (!first) lines += ' ', ++column;
        lines += word;
        column += columns_of(word);
        first = false;
    }
    return lines;
}

std::string option_lines(std::vector<OptionEntry> const& options, std::size_t width) {
    std::string text;
    auto const column = width >= 2 * kOptionColumn ? kOptionColumn : std::size_t{6};
    for (auto const& option : options) {
        auto line = (option.names.starts_with("--") ? "      " : "  ") + option.shown();
        if (columns_of(line) + 2 > column)
            line += "\n" + std::string(column, ' ');
        else
            line += std::string(column - columns_of(line), ' ');
        text += line + filled_words(option.help, width, column, column) + "\n";
    }
    return text;
}

std::vector<OptionEntry> only(std::vector<OptionEntry> const& all, bool arguments) {
    std::vector<OptionEntry> some;
    std::ranges::copy_if(all, std::back_inserter(some), [&](auto const& option) { return option.is_argument() == arguments; });
    return some;
}

}  // namespace

std::size_t help_width() {
    auto const columns = Output::terminal_columns();
    return columns == 0 ? kUsual : std::clamp(columns, kNarrowest, kWidest);
}

std::string filled(std::string_view text, std::size_t width, std::size_t indent) {
    std::string lines;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == ' ')
            lines += line.empty() ? "" : std::string(indent, ' ') + std::string(line);
        else
            lines += std::string(indent, ' ') + filled_words(line, width, indent, indent);
        lines += '\n';
    }
    return lines;
}

std::string verb_help(VerbEntry const& entry) {
    auto const width = help_width();
    auto const options = options_of(entry);
    auto text = "Usage: " + usage_of(entry) + "\n\n" + filled(entry.summary, width);
    if (!entry.more.empty()) text += "\n" + filled(entry.more, width);
    if (auto const arguments = only(options, true); !arguments.empty()) text += "\nArguments:\n" + option_lines(arguments, width);
    if (auto const own = only(options, false); !own.empty()) text += "\nOptions:\n" + option_lines(own, width);
    text += "\nEverywhere:\n" + option_lines(options_everywhere(), width);
    if (!entry.examples.empty()) text += "\nExamples:\n" + filled(entry.examples, width);
    return text;
}

std::string page_text(HelpPage const& page) {
    return filled(std::string(page.title) + ".", help_width()) + "\n" + filled(page.text, help_width());
}

}  // namespace bus::tool
