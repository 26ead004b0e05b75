// Writes JSON in the order of the calls: small, and quick enough for every line of `topic echo`.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bus::tool {

/// The text as a JSON string, in quotes. Bytes that are no UTF-8 become U+FFFD; control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

/// One document, no white space. Commas come by themselves; the caller keeps objects and arrays balanced.
class JsonWriter {
public:
    JsonWriter& object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(char const* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    JsonWriter& value(double number);  // infinite or no number: null
    template <std::integral I>
    requires(!std::same_as<I, bool>)
    JsonWriter& value(I number) {
        return raw(std::to_string(number));
    }
    JsonWriter& null() { return raw("null"); }
    /// JSON made elsewhere.
    JsonWriter& raw(std::string_view json);

    template <class V>
    JsonWriter& member(std::string_view name, V const& v) {
        return key(name).value(v);
    }

    std::string const& text() const noexcept { return text_; }
    std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void comma();

    std::string text_;
    bool first_ = true;  // in the innermost object or array
};

}  // namespace bus::tool
