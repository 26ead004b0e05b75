// The name a program has on the bus.
#include "client/client_name.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "sys/process.hpp"

namespace bus::client {

namespace {

constexpr std::size_t kMostBytes = 63;

/// Takes one character; nothing where no well-formed one begins here (Unicode, table 3-7).
std::optional<char32_t> take_character(std::string_view& text) {
    auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto const lead = byte(0);
    std::size_t const length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0) return std::nullopt;
    char32_t character = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
        character = character << 6 | (byte(i) & 0x3FU);
    }
    bool const too_long = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
    if (too_long || (character >= 0xD800 && character < 0xE000) || character > 0x10FFFF) return std::nullopt;
    text.remove_prefix(length);
    return character;
}

bool is_control(char32_t character) { return character < 0x20 || (character >= 0x7F && character < 0xA0); }

std::string presentable(std::string name) {
    name.resize(std::min(name.size(), kMostBytes));
    std::ranges::replace_if(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F; }, '?');
    return name;
}

}  // namespace

Result<std::string> client_name(std::string const& given) {
    if (given.empty()) return presentable(sys::program_name());
    if (given.size() > kMostBytes)
        return Error(Errc::invalid, "client name of " + std::to_string(given.size()) + " bytes: at most 63 are kept", "shorten it");
    for (std::string_view rest = given; !rest.empty();) {
        auto const character = take_character(rest);
        if (!character) return Error(Errc::invalid, "client name is no UTF-8", "ConnectionOptions::name");
        if (is_control(*character)) return Error(Errc::invalid, "client name has a control character", "ConnectionOptions::name");
    }
    return given;
}

}  // namespace bus::client
