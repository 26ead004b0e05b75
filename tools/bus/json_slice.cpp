// Parts of a JSON document as they stand there.
#include "json_slice.hpp"

#include <string>

#include "json_read.hpp"

namespace bus::tool {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void skip_blanks(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

bool take(std::string_view& text, char c) {
    skip_blanks(text);
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// Bytes of the text in quotes that begins here.
std::size_t length_of_text(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '"')
            return at + 1;
    }
    return text.size();
}

/// Takes the value that begins here: up to a comma or a bracket that belongs to what it lies in.
std::string_view take_value(std::string_view& text) {
    skip_blanks(text);
    std::size_t at = 0, depth = 0;
    while (at < text.size()) {
        auto const c = text[at];
        if (c == '"') {
            at += length_of_text(text.substr(at));
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
    }
    auto value = text.substr(0, at);
    text.remove_prefix(at);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return value;
}

bool is_name(std::string_view quoted, std::string_view name) {
    if (quoted.size() >= 2 && quoted.find('\\') == quoted.npos) return quoted.substr(1, quoted.size() - 2) == name;
    auto const text = read_string(std::string(quoted));
    return text && *text == name;
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> slices_of_object(std::string_view json) {
    std::vector<std::pair<std::string_view, std::string_view>> slices;
    if (!take(json, '{')) return slices;
    while (true) {
        skip_blanks(json);
        if (json.empty() || json.front() != '"') return slices;
        auto const name = json.substr(0, length_of_text(json));
        json.remove_prefix(name.size());
        if (!take(json, ':')) return slices;
        slices.emplace_back(name, take_value(json));
        if (!take(json, ',')) return slices;
    }
}

std::optional<std::string_view> slice_of_member(std::string_view json, std::string_view name) {
    std::optional<std::string_view> found;
    for (auto const& [quoted, value] : slices_of_object(json))
        if (is_name(quoted, name)) found = value;
    return found;
}

std::optional<std::string_view> slice_of_element(std::string_view json, std::size_t index) {
    if (!take(json, '[')) return std::nullopt;
    for (std::size_t at = 0;; ++at) {
        auto const value = take_value(json);
        if (value.empty()) return std::nullopt;
        if (at == index) return value;
        if (!take(json, ',')) return std::nullopt;
    }
}

}  // namespace bus::tool
