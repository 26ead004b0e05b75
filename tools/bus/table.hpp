// Tables for people: aligned columns that fit the terminal. Long names are cut in the middle, where they differ least.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "screen.hpp"

namespace bus::tool {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
    bool may_be_cut = false;      // names; numbers never are
    unsigned goes_as_number = 0;  // where names are as short as they may be and it still does not fit: 1 is left out first; 0 never is
};

/// Shortens to `columns` characters with a "…" in the middle; what fits stays as it is. Counts columns, not bytes.
std::string cut_in_the_middle(std::string_view text, std::size_t columns);
/// Columns of a terminal: a Chinese character takes two. Where the program has set no UTF-8 locale (LC_CTYPE), each counts as one.
std::size_t columns_of(std::string_view text);

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// One cell a column. Control characters become '?'.
    void row(std::vector<std::string> cells, Tone tone = Tone::plain);
    bool empty() const noexcept { return rows_.empty(); }
    /// Title line and rows, at most screen.columns wide where that can be had by cutting names and leaving columns out.
    std::string text(Screen const& screen) const;
    std::string text(std::size_t columns) const { return text(Screen{columns}); }

private:
    struct Row {
        std::vector<std::string> cells;
        Tone tone;
    };
    using Widths = std::vector<std::size_t>;  // one a column

    Widths full_widths() const;
    /// Which columns there is room for, the others 0 wide. An empty column takes no room either.
    Widths fitted_widths(std::size_t columns) const;
    bool cut_one(Widths& widths) const;
    bool leave_one_out(Widths& widths) const;
    std::string text_of_row(std::vector<std::string> const& cells, Widths const& widths) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

}  // namespace bus::tool
