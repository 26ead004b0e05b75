// Words on stderr.
#include "context.hpp"

#include "errors.hpp"

namespace bus::tool {

void Context::note(std::string const& text) const {
    if (!quiet) write_words("bus: " + text + "\n");
}

void Context::detail(std::string const& text) const {
    if (verbose) write_words("bus: " + text + "\n");
}

}  // namespace bus::tool
