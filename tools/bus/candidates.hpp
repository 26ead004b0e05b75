// What can stand next on a command line that is being typed: the completion of all shells asks here.
#pragma once

#include <string>
#include <vector>

#include <bus/connection_options.hpp>

namespace bus::tool {

struct Candidate {
    std::string word;   // ":files", ":commands": the shell knows those itself
    std::string about;  // one line; may be empty
};

/// `words`: those behind `bus`, the one that is being typed last (it may be empty). Live names are those of the bus that the words or
/// `options` say; none where there is no bus.
std::vector<Candidate> candidates(std::vector<std::string> const& words, ConnectionOptions options);

}  // namespace bus::tool
