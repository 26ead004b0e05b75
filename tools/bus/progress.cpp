// How far something is.
#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.hpp"
#include "screen.hpp"
#include "table.hpp"

namespace bus::tool {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2s;       // before anything is said
constexpr auto kOnTerminal = 200ms;  // between two on a terminal
constexpr auto kElsewhere = 10s;     // in a file: then twice as long each time

std::size_t columns_of_stderr() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(Context const& context)
    : context_(context),
      on_terminal_(::isatty(STDERR_FILENO) == 1 && understands_escapes()),
      next_(context.quiet ? Clock::time_point::max() : Clock::now() + kPatience),
      step_(on_terminal_ ? kOnTerminal : kElsewhere) {}

void Progress::update(std::function<std::string()> const& words) {
    auto const now = Clock::now();
    if (now < next_) return;
    next_ = now + step_;
    if (!on_terminal_) {
        context_.note(words() + " so far");
        step_ *= 2;
        return;
    }
    auto const line = cut_in_the_middle(printable("bus: " + words() + " ..."), columns_of_stderr() - 1);
    write_words("\r\033[K" + line);
    shown_ = true;
}

void Progress::hide() {
    if (shown_) write_words("\r\033[K");
    shown_ = false;
}

}  // namespace bus::tool
