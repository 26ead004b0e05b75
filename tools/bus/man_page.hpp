// Manual pages (man(7)), made of the same words as the help.
#pragma once

#include <string>
#include <string_view>

#include "help_pages.hpp"
#include "verb.hpp"

namespace bus::tool {

/// bus(1): all verbs.
std::string man_overview();
/// "bus-topic-echo", and what stands in bus-topic-echo(1).
std::string man_name(VerbEntry const& entry);
std::string man_page(VerbEntry const& entry);
/// bus-topics(7) and the like.
std::string man_page(HelpPage const& page);
/// A file shown as it is, with what it is about: busd.toml(5).
std::string man_file(std::string_view name, std::string_view about, std::string_view text);

}  // namespace bus::tool
