// Errors as the user sees them, on stderr: the text and the next command, or one line of JSON.
#pragma once

#include <string>
#include <string_view>

#include <bus/error.hpp>

namespace bus::tool {

/// As `--json` writes it: {"error":{"code","what","hint"}}.
std::string error_json(Error const& error);
void print_error(Error const& error, bool json);

/// On stderr as it is; what can't be written there is lost.
void write_words(std::string_view text) noexcept;
/// Control characters, which a terminal might obey, become '?'.
std::string printable(std::string_view text);

/// A mistake in the command line: exit status 2, whatever its code.
Error usage_error(std::string what, std::string hint);
bool is_usage_error(Error const& error);

}  // namespace bus::tool
