// Help as text that fits: a verb's own, and the pages of `bus help`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "help_pages.hpp"
#include "verb.hpp"

namespace bus::tool {

/// Usage, what it does, options, examples; as wide as the terminal, 80 columns where there is none.
std::string verb_help(VerbEntry const& entry);
std::string page_text(HelpPage const& page);

/// Paragraphs filled to `width`, each line behind `indent` blanks. Lines that begin with a blank stay as they are.
std::string filled(std::string_view text, std::size_t width, std::size_t indent = 0);
/// Columns for help.
std::size_t help_width();

}  // namespace bus::tool
