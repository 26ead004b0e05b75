// Tables for people: aligned columns that fit the terminal. Long names are cut in the middle, where they differ least.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bus::tool {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
    bool may_be_cut = false;  // names; numbers never are
};

/// Shortens to `columns` characters with a "…" in the middle; what fits stays as it is. Counts characters of UTF-8, not bytes.
std::string cut_in_the_middle(std::string_view text, std::size_t columns);
/// Characters of UTF-8.
std::size_t columns_of(std::string_view text);

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// One cell a column. Control characters become '?'.
    void row(std::vector<std::string> cells);
    bool empty() const noexcept { return rows_.empty(); }
    /// Title line and rows, at most `columns` wide where that can be had by cutting; 0: nothing is cut.
    std::string text(std::size_t columns) const;

private:
    std::vector<std::size_t> widths(std::size_t columns) const;
    std::string text_of_row(std::vector<std::string> const& cells, std::vector<std::size_t> const& widths) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace bus::tool
