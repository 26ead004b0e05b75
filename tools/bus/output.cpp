// Standard output.
#include "output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "interrupt.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kEnough = 64 * 1024;

/// Where stdout is non-blocking (a shell may share it so) and full: waits for room.
void wait_for_room() {
    pollfd descriptor{STDOUT_FILENO, POLLOUT, 0};
    (void)::poll(&descriptor, 1, 1000);
}

}  // namespace

Result<void> Output::write(std::string_view text) {
    pending_ += text;
    return pending_.size() >= kEnough ? flush() : Result<void>();
}

Result<void> Output::line(std::string_view text) {
    pending_ += text;
    pending_ += '\n';
    return pending_.size() >= kEnough ? flush() : Result<void>();
}

Result<void> Output::flush() {
    if (reader_gone_) return Errc::closed;
    auto const done = write_all(pending_);
    pending_.clear();
    return done;
}

Result<void> Output::write_all(std::string_view text) {
    while (!text.empty()) {
        auto const written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EINTR) {
            if (interrupted()) return Errc::cancelled;
        } else if (errno == EAGAIN) {
            wait_for_room();
            if (interrupted()) return Errc::cancelled;
        } else if (errno == EPIPE) {
            reader_gone_ = true;
            return Errc::closed;
        } else {
            auto const code = errno;
            return Error(Errc::io, std::string("can't write to standard output: ") + std::strerror(code), "look at where it was sent to",
                         code);
        }
    }
    return {};
}

std::size_t Output::terminal_columns() noexcept {
    winsize size{};
    if (!is_terminal() || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col == 0 ? 80 : size.ws_col;
}

bool Output::is_terminal() noexcept { return ::isatty(STDOUT_FILENO) == 1; }

}  // namespace bus::tool
