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

void Table::row(std::vector<std::string> cells) {
    for (auto& cell : cells) {
        cell = printable(cell);
        std::replace_if(
            cell.begin(), cell.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    }
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t columns) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto width = columns_of(columns_[i].title);
        for (auto const& row : rows_) width = std::max(width, columns_of(row[i]));
        widths.push_back(width);
    }
    if (columns == 0) return widths;
    auto total = std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
    while (total > columns) {  // one character at a time from the widest that may be cut
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i) {
            auto const least = std::max(kLeastName, columns_of(columns_[i].title));
            if (columns_[i].may_be_cut && widths[i] > least && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
        }
        if (widest == widths.size()) break;
        --widths[widest];
        --total;
    }
    return widths;
}

std::string Table::text_of_row(std::vector<std::string> const& cells, std::vector<std::size_t> const& widths) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        auto const cell = cut_in_the_middle(cells[i], widths[i]);
        auto const padding = std::string(widths[i] - columns_of(cell), ' ');
        if (i > 0) line += std::string(kGap, ' ');
        line += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

std::string Table::text(std::size_t columns) const {
    auto const fitted = widths(columns);
    std::vector<std::string> titles;
    titles.reserve(columns_.size());
    for (auto const& column : columns_) titles.push_back(column.title);
    auto text = text_of_row(titles, fitted);
    for (auto const& row : rows_) text += text_of_row(row, fitted);
    return text;
}

}  // namespace bus::tool
