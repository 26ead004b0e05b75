// Messages as lines of comma-separated values.
#include "csv_format.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "errors.hpp"
#include "json_read.hpp"
#include "time_text.hpp"

namespace bus::tool {
namespace {

using google::protobuf::Descriptor;

constexpr std::size_t kDeepest = 8;
constexpr std::size_t kMostColumns = 1000;

/// `above`: the types this one lies in. One more than fits is enough to know that it does not fit.
void add_leaves(Descriptor const& type, std::string const& prefix, std::vector<Descriptor const*>& above,
                std::vector<std::string>& leaves) {
    above.push_back(&type);
    for (int i = 0; i < type.field_count() && leaves.size() <= kMostColumns; ++i) {
        auto const& field = *type.field(i);
        auto const* const inner = field.message_type();
        bool const whole = inner == nullptr || field.is_repeated() || inner->file()->package() == "google.protobuf" ||
                           above.size() >= kDeepest || std::ranges::find(above, inner) != above.end() || inner->field_count() == 0;
        if (whole)
            leaves.push_back(prefix + field.name());
        else
            add_leaves(*inner, prefix + field.name() + ".", above, leaves);
    }
    above.pop_back();
}

std::string line_of(std::vector<std::string> const& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(cells[i]);
    return line + "\n";
}

/// Bytes, plain structs, and protobuf's own types, whose JSON is no object of their fields.
bool is_one_column(Descriptor const* type) { return type == nullptr || type->file()->package() == "google.protobuf"; }

}  // namespace

std::vector<std::string> leaf_fields(Descriptor const& type) {
    std::vector<std::string> leaves;
    std::vector<Descriptor const*> above;
    add_leaves(type, "", above, leaves);
    return leaves;
}

std::string csv_cell(std::string const& text) {
    if (text.find_first_of(",\"\r\n") == text.npos) return text;
    std::string quoted = "\"";
    for (char const c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string CsvFormat::titles(Sample<Any> const& sample) {
    type_ = sample.message().type();
    auto const* const descriptor = sample.message().descriptor();
    if (fields_.empty() && !is_one_column(descriptor)) fields_ = leaf_fields(*descriptor);
    std::vector<std::string> cells{"time", "topic", "publisher", "sequence", "lost"};
    std::ranges::copy(fields_, std::back_inserter(cells));
    if (fields_.empty()) cells.emplace_back("message");
    return line_of(cells);
}

Result<std::string> CsvFormat::format(Sample<Any> const& sample, std::string const& message_json) {
    std::string lines;
    if (!type_) lines = titles(sample);
    if (fields_.size() > kMostColumns)
        return usage_error("type " + *type_ + " has more than " + std::to_string(kMostColumns) + " fields, too many for --csv",
                           "choose some: --field a --field b.c");
    if (sample.message().type() != *type_) return std::string();
    auto const& info = sample.info();
    std::vector<std::string> cells{info.sent == SentTime{} ? std::string() : rfc3339(info.sent), std::string(info.topic),
                                   std::to_string(info.publisher), std::to_string(info.sequence), std::to_string(info.lost_before)};
    if (fields_.empty()) {
        cells.push_back(without_quotes(message_json));
    } else {
        auto values = values_at(message_json, fields_);
        if (!values) return values.error();
        for (auto& value : *values) cells.push_back(value == "null" ? std::string() : without_quotes(value));
    }
    return lines + line_of(cells);
}

}  // namespace bus::tool
