// The completion scripts: they hand the words of the line to `bus completion --words` and show what it answers.
#pragma once

#include <string_view>

namespace bus::tool {

/// Empty where there is none for that shell.
std::string_view completion_script(std::string_view shell);

}  // namespace bus::tool
