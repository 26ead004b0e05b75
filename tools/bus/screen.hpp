// What text for people may rely on: how wide it may be, and whether colours are understood.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bus::tool {

enum class Tone { plain, title, good, notice, bad };

struct Screen {
    std::size_t columns = 0;  // 0: no terminal; nothing is cut
    bool colours = false;

    /// Standard output as it is now. `wide`: nothing is cut all the same.
    static Screen of_stdout(bool wide = false);
    /// The text in its tone, where colours are understood.
    std::string in(Tone tone, std::string_view text) const;
};

/// Not on a dumb terminal.
bool understands_escapes();
/// Whether colours are wanted where a terminal is: not with $NO_COLOR set to anything, nor where escapes are not understood.
/// https://no-color.org
bool colours_wanted();

}  // namespace bus::tool
