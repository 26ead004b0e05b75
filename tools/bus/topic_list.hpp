// The topics of a selection, as lists of them need them.
#pragma once

#include <bus/introspect.hpp>
#include <vector>

#include "selection.hpp"

namespace bus::tool {

/// Sorted by name, each once. Errors: not_found: a name (not a pattern) that is not there; those of list_topics().
Result<std::vector<TopicInfo>> selected_topics(Selection const& selection, ConnectionOptions const& options);

}  // namespace bus::tool
