// Tables for people.
#include "table.hpp"

#include <algorithm>
#include <numeric>

#include "errors.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastName = 8;  // a name is not cut below this

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// The byte at which character number `count` begins.
std::size_t byte_of(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (begins_character(text[at]) && count-- == 0) break;
    }
    return at;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string cut_in_the_middle(std::string_view text, std::size_t columns) {
    auto const length = columns_of(text);
    if (length <= columns) return std::string(text);
    if (columns <= 1) return columns == 1 ? "…" : "";
    auto const front = columns / 2;
    auto const back = columns - 1 - front;
    return std::string(text.substr(0, byte_of(text, front))) + "…" + std::string(text.substr(byte_of(text, length - back)));
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
