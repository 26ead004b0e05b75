// The pages of `bus help PAGE`: what several verbs have in common, said once.
#pragma once

#include <span>
#include <string_view>

namespace bus::tool {

struct HelpPage {
    std::string_view name;   // "topics"
    std::string_view title;  // one line of `bus help`
    std::string_view text;   // paragraphs, one line each; lines that begin with a blank stay as they are
};

std::span<HelpPage const> help_pages();
/// Capital letters or not; null where there is none.
HelpPage const* find_help_page(std::string_view name);

}  // namespace bus::tool
