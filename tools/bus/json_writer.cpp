// JSON out: escapes and commas.
#include "json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace bus::tool {
namespace {

/// Length of the well-formed UTF-8 character at the front, 0 if there is none (overlong, surrogate, cut short, beyond U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    auto const lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead < 0xF0) {
        if (!follows(1) || !follows(2)) return 0;
        if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0)) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead < 0xF5) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) return 0;
        return 4;
    }
    return 0;
}

void append_escape(std::string& out, unsigned code) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 0xF];
}

void append_control(std::string& out, unsigned char c) {
    switch (c) {
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            append_escape(out, c);
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        auto const length = utf8_length(text);
        auto const c = static_cast<unsigned char>(text[0]);
        if (length == 0) {
            append_escape(out, 0xFFFD);
        } else if (length > 1) {
            out += text.substr(0, length);
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += text[0];
        } else if (c < 0x20 || c == 0x7F) {
            append_control(out, c);
        } else {
            out += text[0];
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

void JsonWriter::comma() {
    if (!first_) text_ += ',';
    first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
    comma();
    text_ += bracket;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    comma();
    append_json_string(text_, name);
    text_ += ':';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    comma();
    append_json_string(text_, text);
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    if (!std::isfinite(number)) return null();
    std::array<char, 32> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    comma();
    text_ += json;
    return *this;
}

}  // namespace bus::tool
