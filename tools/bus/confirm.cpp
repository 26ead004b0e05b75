// Before something is removed.
#include "confirm.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "errors.hpp"
#include "interrupt.hpp"

namespace bus::tool {
namespace {

/// The first character of a line of the terminal; 0 at its end. Errors: cancelled.
Result<char> first_of_answer() {
    char first = 0;
    while (true) {
        pollfd polled[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
        (void)::poll(polled, 2, -1);
        if (interrupted()) return Errc::cancelled;
        char letter = 0;
        auto const got = ::read(STDIN_FILENO, &letter, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || letter == '\n') return first;
        if (first == 0 && letter != ' ') first = letter;
    }
}

}  // namespace

void Confirmation::declare(OptionSet& options) {
    options.flag("-f,--force", force_, "Don't ask");
    options.flag("--dry-run", dry_run_, "Only say what would be done");
    options.exclusive("--force", "--dry-run");
}

Result<bool> Confirmation::obtain(Context const& context, std::string const& question, std::vector<std::string> const& what) const {
    if (dry_run_) return false;
    if (force_) return true;
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1)
        return usage_error("this would " + question + ", and there is no terminal to ask on", "say --force, or look first with --dry-run");
    std::string words;
    for (auto const& line : what) words += "  " + printable(line) + "\n";
    write_words(words + "bus: " + printable(question) + "? [y/N] ");
    auto const answer = first_of_answer();
    if (!answer) write_words("\n");
    if (!answer) return answer.error();
    if (*answer == 'y' || *answer == 'Y') return true;
    context.note("nothing was done");
    return false;
}

}  // namespace bus::tool
