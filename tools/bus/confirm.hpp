// Before something is removed: --dry-run, --force, and the question on a terminal.
#pragma once

#include <string>
#include <vector>

#include <bus/error.hpp>

#include "context.hpp"
#include "options.hpp"

namespace bus::tool {

class Confirmation {
public:
    /// -f/--force and --dry-run.
    void declare(OptionSet& options);

    /// Whether to go on. Where it is to be asked, `question` ("remove 2 topics?") stands below `what` (a line each).
    /// False: a dry run, or the answer was no, which is said.
    /// Errors: usage_error(): no terminal to ask on, and no --force; cancelled: Ctrl-C at the question.
    Result<bool> obtain(Context const& context, std::string const& question, std::vector<std::string> const& what) const;

    bool is_dry_run() const noexcept { return dry_run_; }

private:
    bool force_ = false, dry_run_ = false;
};

}  // namespace bus::tool
