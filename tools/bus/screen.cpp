// What text for people may rely on.
#include "screen.hpp"

#include <cstdlib>

#include "output.hpp"

namespace bus::tool {
namespace {

/// Of ECMA-48, "select graphic rendition".
std::string_view code_of(Tone tone) {
    switch (tone) {
        case Tone::plain:
            return {};
        case Tone::title:
            return "1";
        case Tone::good:
            return "32";
        case Tone::notice:
            return "33";
        case Tone::bad:
            return "31";
    }
    return {};
}

}  // namespace

bool understands_escapes() {
    auto const* const terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool colours_wanted() {
    auto const* const no_colour = std::getenv("NO_COLOR");
    return (no_colour == nullptr || *no_colour == '\0') && understands_escapes();
}

Screen Screen::of_stdout(bool wide) { return {wide ? 0 : Output::terminal_columns(), Output::is_terminal() && colours_wanted()}; }

std::string Screen::in(Tone tone, std::string_view text) const {
    auto const code = code_of(tone);
    if (!colours || code.empty() || text.empty()) return std::string(text);
    return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

}  // namespace bus::tool
