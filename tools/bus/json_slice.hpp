// Parts of a JSON document as they stand there, to the letter: what is only handed on is not written anew, so that no number changes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace bus::tool {

/// All of these take text that was found to be JSON before; of other text they make nothing, and nothing bad. Views are into `json`.

/// The values of an object by their names in quotes, in their order. Empty: it is none, or has none.
std::vector<std::pair<std::string_view, std::string_view>> slices_of_object(std::string_view json);
/// The value of that name (the last one, as parsers have it). Nothing: no object, or not in it.
std::optional<std::string_view> slice_of_member(std::string_view json, std::string_view name);
/// Nothing: no list, or not so long.
std::optional<std::string_view> slice_of_element(std::string_view json, std::size_t index);

}  // namespace bus::tool
