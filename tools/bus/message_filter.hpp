// Which messages of a stream are shown: those for which --where holds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <bus/payload.hpp>
#include <bus/sample.hpp>

#include "condition.hpp"
#include "context.hpp"
#include "selection.hpp"

namespace bus::tool {

class MessageFilter {
public:
    /// --where.
    void declare(OptionSet& options);
    /// Reads the condition. Errors: usage_error().
    Result<void> check();

    /// Errors: usage_error(): the topic was given by name, and its type has no such field. Of a pattern it is left out, and that is said
    /// once a type.
    Result<bool> passes(Sample<Any> const& sample, Selection const& selection, Context const& context);

private:
    Result<void> check_type(Any const& message) const;
    Result<bool> fits(Sample<Any> const& sample, Selection const& selection, Context const& context);

    std::vector<std::string> texts_;
    std::vector<Condition> conditions_;               // all must hold
    std::map<std::string, bool, std::less<>> types_;  // whether the condition means something for them
};

}  // namespace bus::tool
