// base64, read. Protobuf's JSON writes it.
#include "base64.hpp"

namespace bus::tool {
namespace {

int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string bytes;
    unsigned held = 0;
    int bits = 0;
    for (char const c : text) {
        auto const value = value_of(c);
        if (value < 0)
            return Error(Errc::invalid, std::string("'") + c + "' is no base64", "bytes are a base64 string in JSON: '\"aGVsbG8=\"'");
        held = (held << 6 | static_cast<unsigned>(value)) & 0xFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(held >> bits & 0xFF);
        }
    }
    if (bits == 6) return Error(Errc::invalid, "the base64 ends in the middle of a byte");
    return bytes;
}

}  // namespace bus::tool
