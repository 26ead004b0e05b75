// The help of the command as a whole and of a noun; a verb's own comes from its options.
#pragma once

#include <string>
#include <string_view>

#include "verb.hpp"

namespace bus::tool {

/// "bus topic ls".
std::string command_name(VerbEntry const& entry);
std::string overview();
std::string noun_help(std::string_view noun);
std::string version_line();

}  // namespace bus::tool
