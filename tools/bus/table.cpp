// Tables for people.
#include "table.hpp"

#include <wchar.h>

#include <algorithm>
#include <cwchar>
#include <numeric>

#include "errors.hpp"
#include "utf8.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastName = 8;  // a name is not cut below this

struct Character {
    std::size_t bytes, columns;
};

/// The one that begins here. What is no UTF-8 is a character of one byte; what this locale knows no width of takes one column.
Character first_character(std::string_view text) {
    std::mbstate_t state{};
    wchar_t wide = 0;
    auto const bytes = std::mbrtowc(&wide, text.data(), std::min<std::size_t>(text.size(), 4), &state);
    if (bytes == 0 || bytes > 4) {  // an end, an error, or no UTF-8 locale
        auto const length = std::max<std::size_t>(utf8_length(text), 1);
        return {length, 1};
    }
    auto const columns = ::wcwidth(wide);
    return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

/// How many bytes from the front take at most so many columns.
std::size_t bytes_in_front(std::string_view text, std::size_t columns) {
    std::size_t at = 0, taken = 0;
    while (at < text.size()) {
        auto const character = first_character(text.substr(at));
        if (taken + character.columns > columns) break;
        taken += character.columns;
        at += character.bytes;
    }
    return at;
}

/// The byte from which on at most so many columns are taken.
std::size_t begin_of_back(std::string_view text, std::size_t columns) {
    std::size_t at = 0, left = columns_of(text);
    while (left > columns) {
        auto const character = first_character(text.substr(at));
        left -= character.columns;
        at += character.bytes;
    }
    return at;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        auto const character = first_character(text);
        columns += character.columns;
        text.remove_prefix(std::min(character.bytes, text.size()));
    }
    return columns;
}

std::string cut_in_the_middle(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    if (columns <= 1) return columns == 1 ? "…" : "";
    auto const front = columns / 2;
    return std::string(text.substr(0, bytes_in_front(text, front))) + "…" +
           std::string(text.substr(begin_of_back(text, columns - 1 - front)));
}

void Table::row(std::vector<std::string> cells, Tone tone) {
    for (auto& cell : cells) {
        cell = printable(cell);
        std::replace_if(
            cell.begin(), cell.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    }
    cells.resize(columns_.size());
    rows_.push_back({std::move(cells), tone});
}

Table::Widths Table::full_widths() const {
    Widths widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto width = columns_of(columns_[i].title);
        for (auto const& row : rows_) width = std::max(width, columns_of(row.cells[i]));
        widths.push_back(width);
    }
    return widths;
}

/// One character less of the widest that may be cut. False: all are as short as they may be.
bool Table::cut_one(Widths& widths) const {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
        auto const least = std::max(kLeastName, columns_of(columns_[i].title));
        if (columns_[i].may_be_cut && widths[i] > least && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return false;
    --widths[widest];
    return true;
}

/// False: those that are left are needed.
bool Table::leave_one_out(Widths& widths) const {
    std::size_t next = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
        auto const number = columns_[i].goes_as_number;
        if (number != 0 && widths[i] != 0 && (next == widths.size() || number < columns_[next].goes_as_number)) next = i;
    }
    if (next == widths.size()) return false;
    widths[next] = 0;
    return true;
}

Table::Widths Table::fitted_widths(std::size_t columns) const {
    auto const full = full_widths();
    if (columns == 0) return full;
    auto left_out = full;  // of those that are not: as wide as they would like to be
    while (true) {
        auto widths = left_out;
        auto const total = [&] {
            auto const shown = widths.size() - static_cast<std::size_t>(std::ranges::count(widths, 0U));
            return std::accumulate(widths.begin(), widths.end(), kGap * (shown == 0 ? 0 : shown - 1));
        };
        while (total() > columns && cut_one(widths)) continue;
        if (total() <= columns || !leave_one_out(left_out)) return widths;
    }
}

std::string Table::text_of_row(std::vector<std::string> const& cells, Widths const& widths) const {
    std::string line;
    bool first = true;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (widths[i] == 0) continue;
        auto const cell = cut_in_the_middle(cells[i], widths[i]);
        auto const padding = std::string(widths[i] - columns_of(cell), ' ');
        if (!first) line += std::string(kGap, ' ');
        line += columns_[i].align == Align::right ? padding + cell : cell + padding;
        first = false;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string Table::text(Screen const& screen) const {
    auto const fitted = fitted_widths(screen.columns);
    std::vector<std::string> titles;
    titles.reserve(columns_.size());
    for (auto const& column : columns_) titles.push_back(column.title);
    auto text = screen.in(Tone::title, text_of_row(titles, fitted)) + "\n";
    for (auto const& row : rows_) text += screen.in(row.tone, text_of_row(row.cells, fitted)) + "\n";
    return text;
}

}  // namespace bus::tool
