// A child held by its pid and two pipes.
#include "support/child.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <utility>

namespace bus::test {

namespace {

ExitStatus decode(int status) {
    if (WIFEXITED(status)) return {true, WEXITSTATUS(status), 0};
    return {false, -1, WTERMSIG(status)};
}

/// Waits until `fd` is readable or closed. Returns: false when the time is over.
bool wait_readable(int fd, std::chrono::milliseconds longest) {
    auto const end = std::chrono::steady_clock::now() + longest;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd one{fd, POLLIN, 0};
        int const ready = ::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready > 0) return true;
        if (ready == 0) return false;
    }
}

}  // namespace

std::string ExitStatus::text() const {
    return exited ? "exit status " + std::to_string(code) : "killed by signal " + std::to_string(signal);
}
std::ostream& operator<<(std::ostream& out, ExitStatus const& status) { return out << status.text(); }

Child::Child(pid_t pid, int in, int out) : pid_(pid), in_(in), out_(out) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      buffer_(std::move(other.buffer_)),
      status_(other.status_) {}

Child::~Child() {
    if (pid_ > 0 && !status_) {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
        }
    }
    if (in_ >= 0) ::close(in_);
    if (out_ >= 0) ::close(out_);
}

void Child::send_line(std::string const& line) {
    auto const text = line + "\n";
    // A child that is gone must not take the test along by SIGPIPE.
    auto const old = ::signal(SIGPIPE, SIG_IGN);
    for (std::size_t done = 0; done < text.size();) {
        auto const put = ::write(in_, text.data() + done, text.size() - done);
        if (put < 0 && errno != EINTR) break;
        if (put > 0) done += static_cast<std::size_t>(put);
    }
    ::signal(SIGPIPE, old);
}

bool Child::fill(std::chrono::milliseconds longest) {
    if (!wait_readable(out_, longest)) return false;
    std::array<char, 65536> bytes;
    auto const got = ::read(out_, bytes.data(), bytes.size());
    if (got <= 0) return got < 0 && errno == EINTR;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> Child::read_line(std::chrono::milliseconds longest) {
    for (;;) {
        if (auto const end = buffer_.find('\n'); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (!fill(longest)) return std::nullopt;
    }
}

bool Child::expect_line(std::string const& wanted) {
    auto const line = read_line();
    if (line == wanted) return true;
    ADD_FAILURE() << "child " << pid_ << " should say '" << wanted << "', but " << (line ? "said '" + *line + "'" : "said nothing more");
    return false;
}

bool Child::expect_end() {
    auto const line = read_line();
    if (!line) return true;
    ADD_FAILURE() << "child " << pid_ << " should say nothing more, but said '" << *line << "'";
    return false;
}

void Child::close_input() {
    if (in_ >= 0) ::close(std::exchange(in_, -1));
}

void Child::kill(int signal) const {
    if (pid_ > 0 && !status_) ::kill(pid_, signal);
}

ExitStatus Child::wait() {
    if (status_) return *status_;
    int const handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (handle < 0 || !wait_readable(handle, patience(std::chrono::seconds(40)))) {
        ADD_FAILURE() << "child " << pid_ << " did not end; it is killed";
        ::kill(pid_, SIGKILL);
    }
    if (handle >= 0) ::close(handle);
    int status = 0;
    while (::waitpid(pid_, &status, __WALL) < 0 && errno == EINTR) {
    }
    status_ = decode(status);
    return *status_;
}

bool is_root() { return ::geteuid() == 0; }

std::string why_no_plain_users() {
    if (!is_root()) return "needs root: it starts children as several plain uids";
    std::error_code error;
    for (auto path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path(); !error; path = path.parent_path()) {
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IXOTH) == 0)
            return "plain uids can't reach " + path.string() + ": build below a folder that everybody may enter";
        if (path == path.root_path()) break;
    }
    return {};
}

}  // namespace bus::test
