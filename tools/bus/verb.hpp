// What a verb of the command is: its name, its options, and what it does. One file a verb; verbs.cpp lists them.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include <bus/error.hpp>

#include "context.hpp"
#include "exit_status.hpp"
#include "options.hpp"

namespace bus::tool {

class Verb {
public:
    virtual ~Verb() = default;
    Verb() = default;
    Verb(Verb const&) = delete;
    Verb& operator=(Verb const&) = delete;

    /// Says which options and arguments it takes; their targets are members of the verb.
    virtual void declare(OptionSet& options) = 0;
    /// Does it. An Error is printed by the caller and becomes the exit status.
    virtual Result<ExitStatus> run(Context& context) = 0;
};

struct VerbEntry {
    std::string_view noun;     // "topic"; empty: the verb stands alone, as `bus doctor`
    std::string_view name;     // "ls"; both empty: a bare `bus`
    std::string_view summary;  // one line of the help
    std::string_view more;     // the rest of `--help`
    std::unique_ptr<Verb> (*make)();
    std::string_view examples = {};  // lines of the help: a command, two spaces or more, what it does
};

/// All of them, in the order of the help.
std::span<VerbEntry const* const> verbs();
/// What the help says of a noun.
std::string_view noun_summary(std::string_view noun);

template <class V>
std::unique_ptr<Verb> make_verb() {
    return std::make_unique<V>();
}

}  // namespace bus::tool
