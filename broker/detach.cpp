// Forking into the background, with an answer.
#include "detach.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "sys/syscall.hpp"

namespace bus::broker {
namespace {

constexpr char kReady = 'R';
constexpr char kFailed = 'F';

// Returns: the parent's exit status.
int wait_for_child(sys::FileDescriptor const& pipe, pid_t child) {
    std::string text;
    std::array<std::byte, 1024> buffer;
    for (;;) {
        auto const got = sys::read_some(pipe.fd(), buffer);
        if (!got || *got == 0) break;
        text.append(reinterpret_cast<char const*>(buffer.data()), *got);
        if (text.front() == kReady) return 0;
    }
    if (!text.empty() && text.front() == kFailed) {
        std::fprintf(stderr, "busd: %s\n", text.c_str() + 1);
    } else {
        int status = 0;
        (void)sys::retry([&] { return ::waitpid(child, &status, 0); });
        std::fprintf(stderr, "busd: its child (pid %d) died before it was ready\n", static_cast<int>(child));
    }
    return 1;
}

void lose_terminal() {
    (void)::setsid();
    (void)!::chdir("/");
    sys::FileDescriptor const null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return;
    (void)::dup2(null.fd(), STDIN_FILENO);
    (void)::dup2(null.fd(), STDOUT_FILENO);
}

}  // namespace

void ReadyPipe::ready() {
    if (!pipe_) return;
    (void)sys::write_all(pipe_.fd(), std::as_bytes(std::span(&kReady, 1)));
    pipe_.reset();
}

bool ReadyPipe::failed(std::string const& text) {
    if (!pipe_) return false;
    std::string const line = kFailed + text;
    (void)sys::write_all(pipe_.fd(), std::as_bytes(std::span(line)));
    pipe_.reset();
    return true;
}

Result<Detached> detach() {
    auto pipe = sys::make_pipe();
    if (!pipe) return pipe.error();
    pid_t const child = ::fork();
    if (child < 0) return sys::call_failed(errno, "fork", "");
    if (child > 0) {
        pipe->write_end.reset();
        return Detached{wait_for_child(pipe->read_end, child), {}};
    }
    lose_terminal();
    return Detached{std::nullopt, ReadyPipe(std::move(pipe->write_end))};
}

}  // namespace bus::broker
